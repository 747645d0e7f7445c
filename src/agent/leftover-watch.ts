import type { AttemptId } from "../protocol/ids.ts"
import { type Leftovers, MAX_STRAYS, type Stray } from "../protocol/leftovers.ts"
import { withBallastSync } from "./ballast.ts"
import { writeDurably } from "./durable-file.ts"
import { MemoryWatch, type MissingMemory } from "./memory-watch.ts"
import { readIfThere } from "./own-file.ts"
import type { Platform, ProcessRow } from "./platform/platform.ts"
import { addDescendants } from "./sweep.ts"

/** How often strays are looked at, at the least. */
const LOOK_MS = 5_000
/** A stray's memory is told anew when it has changed by this part of it. */
const TELLING_CHANGE = 0.1

/** What the file holds: of one boot, as no process outlives another. */
interface Noted {
  readonly bootId: string
  readonly strays: readonly Stray[]
  readonly missing: MissingMemory | null
}

/**
 * Knows what ended attempts have left on this host: processes, watched by pid and start until they are gone, and memory
 * that has not come back. All of it is on the disk before it is told, so that the next agent goes on with it.
 */
export class LeftoverWatch {
  readonly memory: MemoryWatch
  readonly #path: string
  readonly #ballast: string
  readonly #platform: Platform
  readonly #onChange: (leftovers: Leftovers) => void
  #strays: readonly Stray[]
  #timer: NodeJS.Timeout | undefined

  /** Reads what an earlier agent noted. @param onChange told of every change, not of what is there at the start */
  constructor(options: {
    readonly path: string
    readonly ballast: string
    readonly platform: Platform
    readonly toleranceBytes: number
    readonly onChange: (leftovers: Leftovers) => void
  }) {
    this.#path = options.path
    this.#ballast = options.ballast
    this.#platform = options.platform
    this.#onChange = options.onChange
    const noted = readNoted(options.path)
    const isOfThisBoot = noted?.bootId === options.platform.bootId
    this.#strays = isOfThisBoot ? noted.strays.filter(({ pid, start }) => options.platform.isAlive(pid, start)) : []
    this.memory = new MemoryWatch(options.toleranceBytes, isOfThisBoot ? noted.missing : null)
    this.#plan()
  }

  get told(): Leftovers {
    return { strays: this.#strays, missingBytes: this.memory.missing?.missingBytes ?? 0 }
  }

  /** Whether this process is one of the strays. */
  has(process: Pick<Stray, "pid" | "start">): boolean {
    return this.#strays.some((stray) => isSame(stray, process))
  }

  /** Notes processes that an attempt has left. They are on the disk when this resolves. */
  async addStrays(attempt: AttemptId, rows: readonly ProcessRow[], certain: boolean): Promise<void> {
    if (rows.length === 0) return
    const usage = await this.#platform.usageOf(rows)
    const strays = rows.map((row, index) => strayOf(row, attempt, certain, usage[index]?.memoryBytes))
    this.#set([...this.#strays, ...strays.filter((stray) => !this.has(stray))])
  }

  /** Measures whether memory is missing, where that is in doubt. `running`: attempts run now. */
  async lookAtMemory(running: boolean): Promise<void> {
    if (!this.memory.wants(running)) {
      if (!running) this.memory.rest()
      return
    }
    const before = this.memory.missing?.missingBytes ?? 0
    this.memory.look(await this.#platform.unaccountedBytes(), running)
    if ((this.memory.missing?.missingBytes ?? 0) !== before) this.#changed()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    const before = this.#strays
    const table = await this.#platform.processes()
    const found: { readonly row: ProcessRow; readonly of: Stray }[] = []
    for (const of of before) {
      const row = table.find((each) => isSame(each, of))
      if (row !== undefined) found.push({ row, of })
    }
    for (const { row, of } of found.slice())
      found.push(...below(row, table, found).map((child) => ({ row: child, of })))
    const usage = await this.#platform.usageOf(found.map(({ row }) => row))
    const strays = found.map(({ row, of }, index) => strayOf(row, of.attempt, of.certain, usage[index]?.memoryBytes))
    // What was added while we looked was not looked at.
    const added = this.#strays.filter((stray) => !before.some((old) => isSame(old, stray)))
    if (isNews(before, strays)) this.#set([...strays, ...added])
  }

  #set(strays: readonly Stray[]): void {
    this.#strays = strays.slice(0, MAX_STRAYS)
    this.#changed()
    this.#plan()
  }

  #changed(): void {
    const noted: Noted = { bootId: this.#platform.bootId, strays: this.#strays, missing: this.memory.missing }
    try {
      withBallastSync(this.#ballast, () => writeDurably(this.#path, JSON.stringify(noted)))
    } catch {
      // No room at all: it is known as long as this agent lives.
    }
    this.#onChange(this.told)
  }

  #plan(): void {
    clearTimeout(this.#timer)
    if (this.#strays.length === 0) return
    this.#timer = setTimeout(
      () => {
        // A command of the system that failed this once is tried again.
        void this.#look()
          .catch(() => {})
          .finally(() => this.#plan())
      },
      Math.min(LOOK_MS, this.#platform.sampleMs),
    ).unref()
  }
}

/** What a stray has started that is not among those found. */
function below(
  { pid }: ProcessRow,
  table: readonly ProcessRow[],
  found: readonly { readonly row: ProcessRow }[],
): ProcessRow[] {
  const pids = new Set([pid])
  addDescendants(table, pids)
  return table.filter((row) => pids.has(row.pid) && !found.some((each) => each.row === row))
}

function isSame(a: Pick<Stray, "pid" | "start">, b: Pick<Stray, "pid" | "start">): boolean {
  return a.pid === b.pid && a.start === b.start
}

function strayOf(row: ProcessRow, attempt: AttemptId, certain: boolean, bytes = 0): Stray {
  const { pid, start, name } = row
  return { pid, start, command: name, attempt, certain, memoryBytes: Math.round(bytes) }
}

function isNews(before: readonly Stray[], after: readonly Stray[]): boolean {
  if (before.length !== after.length) return true
  return after.some((stray, index) => {
    const old = before[index]
    if (old === undefined || !isSame(old, stray)) return true
    return Math.abs(stray.memoryBytes - old.memoryBytes) > old.memoryBytes * TELLING_CHANGE
  })
}

function readNoted(path: string): Noted | null {
  try {
    const noted = JSON.parse(readIfThere(path) ?? "null") as Noted | null
    return noted !== null && typeof noted.bootId === "string" && Array.isArray(noted.strays) ? noted : null
  } catch {
    return null
  }
}
