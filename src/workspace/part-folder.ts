/**
 * The folder in which one transfer keeps what is not whole yet, inside the folder it comes home to. Transfers of one job to one
 * place wait for each other, oldest first, and what a broken one has left is taken over. Its name says whose it is, and a
 * beat on its time that its process goes on: no lock of the system is needed, which folders on a network may not have, and a
 * process that is frozen holds up nobody for long. Where two work beside each other after all, both come to the same end.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import { type Clock, systemClock } from "../base/clock.ts"
import type { JobId } from "../protocol/ids.ts"
import { diskError, errorCode } from "./disk-error.ts"
import { hashBytes } from "./hash.ts"
import { joinPath } from "./safe-path.ts"

const BEAT_MS = 1_000
const LOOK_MS = 100
const SILENT_AFTER_MS = 10_000
/** A folder on a network may show what another machine does a minute late. */
const REMOTE_SILENT_AFTER_MS = 150_000
/** As a process id: the transfer broke off and its folder is free. */
const NOBODY = 0

export interface TakeOptions {
  readonly signal?: AbortSignal | undefined
  /** Called once, before it waits for another transfer. */
  readonly onWait?: (() => void) | undefined
  /** @default the machine's own */
  readonly clock?: Clock | undefined
}

interface Found {
  readonly name: string
  readonly bornMs: number
  readonly pid: number
  readonly machine: string
}

export class PartFolder {
  readonly #home: string
  readonly #job: JobId
  #name: string
  readonly #bornMs: number
  readonly #beat: NodeJS.Timeout
  #hasWaited = false

  private constructor(home: string, job: JobId, name: string, bornMs: number) {
    this.#home = home
    this.#job = job
    this.#name = name
    this.#bornMs = bornMs
    this.#beat = setInterval(() => touch(this.path), BEAT_MS)
    this.#beat.unref()
  }

  get path(): string {
    return joinPath(this.#home, this.#name)
  }

  /** Whether another transfer went on meanwhile, so that one must look anew at what is to do. */
  get hasWaited(): boolean {
    return this.#hasWaited
  }

  /** Whether it is still there. It is not when this process seemed dead to another, which then took it over. */
  get isOurs(): boolean {
    return fs.existsSync(this.path)
  }

  /** Whether any transfer of this job to `home` goes on or has left something. */
  static isAny(home: string, job: JobId): boolean {
    return list(home, job).length > 0
  }

  /**
   * Makes a folder for a transfer of `job` to `home`, waits while older ones go on, and takes over what dead ones have left.
   * @throws {WindfallError} disk_full, invalid_input when nothing may be written there; the signal's reason
   */
  static async take(home: string, job: JobId, options: TakeOptions = {}): Promise<PartFolder> {
    const clock = options.clock ?? systemClock()
    const folder = PartFolder.#make(home, job, clock.now())
    try {
      const seen = new Map<string, { readonly timeMs: number; readonly atMs: number }>()
      for (;;) {
        let waits = false
        for (const other of list(home, job)) {
          if (other.name === folder.#name) continue
          const free = isFree(home, other, seen, clock.monotonicMs())
          if (free) folder.#takeOver(other.name)
          else if (isOlder(other, folder.#bornMs, folder.#name)) waits = true
        }
        if (!waits) return folder
        if (!folder.#hasWaited) options.onWait?.()
        folder.#hasWaited = true
        await clock.sleep(LOOK_MS, { signal: options.signal })
      }
    } catch (error) {
      folder.release()
      throw error
    }
  }

  static #make(home: string, job: JobId, now: number): PartFolder {
    for (let bornMs = now; ; bornMs++) {
      const name = nameOf(job, bornMs, process.pid, ownMachine())
      try {
        fs.mkdirSync(joinPath(home, name), { mode: 0o700 })
        return new PartFolder(home, job, name, bornMs)
      } catch (error) {
        if (errorCode(error) !== "EEXIST") throw diskError(error, `write into ${home}`)
      }
    }
  }

  /** A rename has one winner, and no name comes twice. What cannot be had is fetched again. */
  #takeOver(name: string): void {
    const inside = joinPath(this.path, "left")
    try {
      fs.renameSync(joinPath(this.#home, name), inside)
      for (const file of fs.readdirSync(inside).filter((name) => HASH.test(name))) {
        const target = joinPath(this.path, file)
        if (!fs.existsSync(target)) fs.renameSync(joinPath(inside, file), target)
      }
      fs.rmSync(inside, { recursive: true, force: true })
    } catch {
      // Another took it. What did not come over goes with this folder and is fetched again.
    }
  }

  /** All is home: the folder goes. */
  remove(): void {
    clearInterval(this.#beat)
    fs.rmSync(this.path, { recursive: true, force: true })
  }

  /** It broke off: what came so far is left to the next transfer. Never throws. */
  release(): void {
    clearInterval(this.#beat)
    const free = nameOf(this.#job, this.#bornMs, NOBODY, `${process.pid}${ownMachine()}`)
    try {
      if (fs.readdirSync(this.path).length === 0) fs.rmdirSync(this.path)
      else fs.renameSync(this.path, joinPath(this.#home, free))
      this.#name = free
    } catch {
      // Taken over or out of reach; left under its name, it is free when this process has ended.
    }
  }
}

const HASH = /^[\da-f]{64}$/
const PART = /^\.windfall-(\d+)(?:-([\da-z]+)-(\d+)-([\da-z]+))?\.part$/

function nameOf(job: JobId, bornMs: number, pid: number, machine: string): string {
  return `.windfall-${job}-${bornMs.toString(36)}-${pid}-${machine}.part`
}

/** Only real folders: through a link of that name nothing is taken. Without an owner in its name, one is nobody's. */
function list(home: string, job: JobId): Found[] {
  return fs.readdirSync(home, { withFileTypes: true }).flatMap((entry) => {
    const { name } = entry
    const [, ofJob, born = "0", pid = "0", machine = ""] = PART.exec(name) ?? []
    if (ofJob !== String(job) || !entry.isDirectory()) return []
    return [{ name, bornMs: Number.parseInt(born, 36), pid: Number(pid), machine }]
  })
}

function isOlder(other: Found, bornMs: number, name: string): boolean {
  return other.bornMs === bornMs ? other.name < name : other.bornMs < bornMs
}

/** Whether its process is gone, or has given no sign of life for so long that it is frozen, or its number another's by now. */
function isFree(
  home: string,
  other: Found,
  seen: Map<string, { readonly timeMs: number; readonly atMs: number }>,
  nowMs: number,
): boolean {
  if (other.pid === NOBODY) return true
  const isHere = other.machine === ownMachine()
  if (isHere && !isAlive(other.pid)) return true
  const timeMs = fs.lstatSync(joinPath(home, other.name), { throwIfNoEntry: false })?.mtimeMs
  const last = seen.get(other.name)
  if (timeMs === undefined) return false
  if (last?.timeMs !== timeMs) {
    seen.set(other.name, { timeMs, atMs: nowMs })
    return false
  }
  return nowMs - last.atMs >= (isHere ? SILENT_AFTER_MS : REMOTE_SILENT_AFTER_MS)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) !== "ESRCH"
  }
}

function touch(path: string): void {
  const now = new Date()
  // Gone, it was taken over, which is noticed where something is written.
  fs.utimes(path, now, now, () => undefined)
}

let machine: string | undefined

/** Tells machines apart that share a folder. */
function ownMachine(): string {
  machine ??= hashBytes(Buffer.from(os.hostname())).slice(0, 8)
  return machine
}
