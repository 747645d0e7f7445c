import {
  chmodSync,
  closeSync,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { LAST_DAYS_FILE, NOW_FILE } from "../../presence/owner-folder.ts"
import { REQUEST_FOLDER } from "../../protocol/owner-request.ts"
import { systemCode } from "../own-file.ts"
import { ownerButtons } from "./owner-buttons.ts"

const STICKY = 0o1000
const OTHERS_WRITE = 0o002
/** Everybody may put files there, nobody sees what others have put there or takes it away. */
const REQUESTS_MODE = 0o1733

/**
 * The folder for Finder. It is made only in a folder that is safe to make it in, and used only where nobody but this account, the owner's
 * or the system's rules over it: no link, and others may write only where each can take away only what is their own.
 */
export class OwnerFolder {
  readonly #path: string
  readonly #buttons: Readonly<Record<string, string>>
  readonly #ownerUid: () => number | null
  readonly #written = new Map<string, string>()
  /** Buttons that were right once since this began, and those of them that were found with other texts later. */
  readonly #right = new Set<string>()
  readonly #replaced = new Set<string>()
  /** How all of it looked when it was right last; `null`: it was not. */
  #seal: string | null = null

  /** @param ownerUid the number of the account that the owner has on this host, where one is known */
  constructor(path: string, root: string, ownerUid: () => number | null) {
    this.#path = path
    this.#buttons = ownerButtons(path, root)
    this.#ownerUid = ownerUid
  }

  get requests(): string {
    return join(this.#path, REQUEST_FOLDER)
  }

  /**
   * Makes what is missing, and puts right what was changed of its own. What of this account's lies in a folder's place and is none, a link
   * above all, is moved beside it and never followed.
   * @returns why there is none, in words; `null` when all is there
   */
  keep(): string | null {
    this.#seal = null
    const problem = this.#keep()
    if (problem === null) this.#seal = this.#look()
    return problem
  }

  /** Buttons that somebody with this account has put others in place of, since this was asked last. They have been put right. */
  takeReplaced(): readonly string[] {
    const names = [...this.#replaced]
    this.#replaced.clear()
    return names
  }

  /** Whether nothing was changed since it was kept: some calls of the system, for a look twice a second. */
  get isWhole(): boolean {
    return this.#seal !== null && this.#look() === this.#seal
  }

  #look(): string {
    const paths = [this.#path, this.requests, ...Object.keys(this.#buttons).map((name) => join(this.#path, name))]
    return paths
      .map((path, at) => {
        const found = foundAt(path)
        if (found === undefined) return "-"
        const { ino, mode, uid, size, mtimeMs } = found
        // In folders something comes and goes.
        return at < 2 ? [ino, mode, uid].join(" ") : [ino, mode, uid, size, mtimeMs].join(" ")
      })
      .join(", ")
  }

  #keep(): string | null {
    try {
      const above = dirname(this.#path)
      const problem = unsafe(lookAt(above), [0, ownUid()])
      if (problem !== null) return `${above} ${problem}`
      moveAway(this.#path)
      this.#make(this.#path, 0o755)
      // A job may have opened it to everybody.
      if (lookAt(this.#path)?.uid === ownUid() && !lookAt(this.#path)?.isSymbolicLink()) chmodSync(this.#path, 0o755)
      const here = unsafe(lookAt(this.#path), [0, ownUid(), this.#ownerUid() ?? 0])
      if (here !== null) return `${this.#path} ${here}`
      moveAway(this.requests)
      this.#make(this.requests, REQUESTS_MODE)
      const found = lookAt(this.requests)
      if (found?.uid !== ownUid() || !found.isDirectory()) return `${this.requests} is not Windfall's`
      if ((found.mode & 0o7777) !== REQUESTS_MODE) chmodSync(this.requests, REQUESTS_MODE)
      for (const [name, text] of Object.entries(this.#buttons)) this.#keepFile(name, text, 0o755)
      for (const [name, text] of this.#written) if (lookAt(join(this.#path, name)) === undefined) this.#put(name, text)
      return null
    } catch (error) {
      return `${this.#path} cannot be used: ${(error as Error).message}`
    }
  }

  /** Whether there is a place for it at all: it is made on Macs, below a folder that every Mac has. */
  get hasPlace(): boolean {
    return lookAt(dirname(this.#path)) !== undefined
  }

  /** Writes a text for the owner, whole or not at all. Never throws: nothing depends on it. */
  write(name: string, text: string): void {
    if (this.#written.get(name) === text && foundAt(join(this.#path, name)) !== undefined) return
    this.#put(name, text)
  }

  #put(name: string, text: string): void {
    try {
      replace(join(this.#path, name), text, 0o644)
      this.#written.set(name, text)
    } catch {
      // Somebody else's file of that name, or no folder: `keep` says so.
    }
  }

  /**
   * Takes away what was made here: the folder, or where it is another account's what is this one's in it. Never throws.
   * @returns what stays and why, in words; `null` when nothing does
   */
  remove(): string | null {
    const folder = lookAt(this.#path)
    if (folder === undefined || !folder.isDirectory()) return null
    const names = [...Object.keys(this.#buttons), NOW_FILE, LAST_DAYS_FILE, REQUEST_FOLDER]
    const all = folder.uid === ownUid() ? [this.#path] : names.map((name) => join(this.#path, name))
    const problems: string[] = []
    for (const path of all) {
      try {
        if (lookAt(path)?.uid === ownUid()) rmSync(path, { recursive: true, force: true })
      } catch (error) {
        problems.push(`${path} stays: ${(error as Error).message}`)
      }
    }
    return problems.length === 0 ? null : problems.join("; ")
  }

  #make(path: string, mode: number): void {
    try {
      mkdirSync(path, { mode })
      // Whatever the umask is.
      chmodSync(path, mode)
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error
    }
  }

  /** A file of the owner's or the system's own in its place stays. */
  #keepFile(name: string, text: string, mode: number): void {
    const path = join(this.#path, name)
    const found = lookAt(path)
    if (found !== undefined && found.uid !== ownUid() && (found.uid === 0 || found.uid === this.#ownerUid())) return
    const isRight = found?.isFile() === true && (found.mode & 0o7777) === mode && found.size === Buffer.byteLength(text)
    if (isRight && readFileSync(path, "utf8") === text) {
      this.#right.add(name)
      return
    }
    // That one is gone harms nobody.
    if (found !== undefined && this.#right.has(name)) this.#replaced.add(name)
    if (found?.isDirectory() === true) rmSync(path, { recursive: true, force: true })
    replace(path, text, mode)
    this.#right.add(name)
  }
}

/** Writes beside and renames; never into what lies there. @throws the system's error */
export function replace(path: string, text: string, mode: number): void {
  const beside = join(dirname(path), `.${process.pid}.new`)
  rmSync(beside, { recursive: true, force: true })
  const file = openSync(beside, "wx", mode)
  try {
    writeSync(file, text)
    fchmodSync(file, mode)
  } finally {
    closeSync(file)
  }
  renameSync(beside, path)
}

/** No more of them stay beside the folder. */
const MOST_MOVED = 9

/** Clears a folder's place of what this account has put there instead. @throws the system's error */
function moveAway(path: string): void {
  const found = lookAt(path)
  if (found === undefined || found.isDirectory() || found.uid !== ownUid()) return
  for (let count = 1; count <= MOST_MOVED; count++) {
    const beside = `${path} (moved ${count})`
    if (lookAt(beside) !== undefined) continue
    renameSync(path, beside)
    return
  }
  unlinkSync(path)
}

/** Why a folder is not safe, in words; `null` when it is. */
function unsafe(found: Stats | undefined, owners: readonly number[]): string | null {
  if (found === undefined) return "is not there"
  if (found.isSymbolicLink()) return "is a link"
  if (!found.isDirectory()) return "is no folder"
  if (!owners.includes(found.uid)) return `belongs to account ${found.uid}`
  const isOpen = (found.mode & OTHERS_WRITE) !== 0 && (found.mode & STICKY) === 0
  return isOpen ? "may be changed by everybody" : null
}

/** The same; nothing also where it cannot be told, as below what is no folder. */
function foundAt(path: string): Stats | undefined {
  try {
    return lookAt(path)
  } catch {
    return undefined
  }
}

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

function ownUid(): number {
  return process.getuid?.() ?? -1
}
