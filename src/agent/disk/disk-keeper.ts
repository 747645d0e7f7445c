import { formatBytes } from "../../base/bytes.ts"
import { leastUsed } from "../../base/least-used.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { HELD_KINDS, type HostDisk, heldBytes, kindsText } from "../../protocol/host-disk.ts"
import { budgetBytes, type Disk, type Holding, isNearlyFull, keptFreeBytes } from "./disk-budget.ts"
import type { DiskLimit } from "./disk-limit.ts"
import type { HeldPart } from "./held-part.ts"

/** What was thought to come free may not: then more goes, but not without end. */
const ROUNDS = 3
/** A change is told when it is more than this part of what was told. */
const TELLING_CHANGE = 0.05

export interface DiskKeeperOptions {
  readonly parts: readonly HeldPart[]
  readonly disk: () => Disk
  readonly limit: Pick<DiskLimit, "bytes">
  /** What is held, or may be, has changed by more than a little. */
  readonly onChange: (disk: HostDisk) => void
}

/** Keeps all that Windfall holds on a host within one number. One sweep at a time. */
export class DiskKeeper {
  readonly #options: DiskKeeperOptions
  #told: HostDisk | undefined
  #sweeping: Promise<unknown> = Promise.resolve()

  constructor(options: DiskKeeperOptions) {
    this.#options = options
  }

  /** What is held now, and what may be. */
  now(): HostDisk {
    const held = Object.fromEntries(HELD_KINDS.map((kind) => [kind, 0])) as Record<(typeof HELD_KINDS)[number], number>
    for (const part of this.#options.parts) {
      for (const kind of HELD_KINDS) held[kind] += part.sizes()[kind] ?? 0
    }
    return { held, budgetBytes: budgetBytes(this.#options.disk(), heldBytes(held), this.#options.limit.bytes) }
  }

  /** As {@link now}, for who is told the rest by `onChange`. */
  tell(): HostDisk {
    this.#told = this.now()
    return this.#told
  }

  /** Whether so much more is within the budget, with nothing removed for it. */
  hasRoom(bytes: number): boolean {
    return this.#lackingBytes(bytes) <= 0
  }

  /** Removes what is of no use or over the budget, as far as it can go now, and tells what has changed. */
  async look(): Promise<void> {
    for (const part of this.#options.parts) part.tidy?.()
    await this.#sweep(0)
    this.news()
  }

  /** Tells what has changed, where something has by more than a little. Removes nothing. */
  news(): void {
    const now = this.now()
    if (this.#told === undefined || !isNews(this.#told, now)) return
    this.#told = now
    this.#options.onChange(now)
  }

  /**
   * Makes room for so many bytes more, of `what`.
   * @throws {WindfallError} too_large when all that can go now is not enough: then none of it goes
   */
  async makeRoom(bytes: number, what: string): Promise<void> {
    if ((await this.#sweep(bytes)) <= 0) return
    const { held, budgetBytes: budget } = this.now()
    const staying = { ...held }
    for (const { all } of await this.#lists()) for (const one of free(all)) staying[one.kind] -= one.bytes
    const used = heldBytes(staying)
    const inUse = used <= 0 ? "" : `, and ${formatBytes(used)} are in use (${kindsText(staying)})`
    throw new WindfallError(
      "too_large",
      `Cannot make room for ${formatBytes(bytes)} of ${what}: Windfall may keep ${formatBytes(budget)} on this host now${this.#whySoLittle(heldBytes(held))}${inUse}`,
    )
  }

  #whySoLittle(held: number): string {
    const disk = this.#options.disk()
    if (!isNearlyFull(disk, held, this.#options.limit.bytes)) return ""
    const kept = `${formatBytes(keptFreeBytes(disk))} are to stay free`
    return `, as its disk is nearly full (${formatBytes(disk.freeBytes)} of ${formatBytes(disk.totalBytes)} are free, and ${kept})`
  }

  /** Returns what is still lacking. */
  async #sweep(moreBytes: number): Promise<number> {
    const before = this.#sweeping
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#sweeping = promise
    try {
      await before
      for (let round = 0; round < ROUNDS && this.#lackingBytes(moreBytes) > 0; round++) {
        if (!(await this.#removeSome(moreBytes))) break
      }
      return this.#lackingBytes(moreBytes)
    } finally {
      resolve()
    }
  }

  async #removeSome(moreBytes: number): Promise<boolean> {
    const lists = await this.#lists()
    const all = lists.flatMap((list) => list.all)
    const lackingBytes = this.#lackingBytes(moreBytes)
    if (moreBytes > 0 && free(all).reduce((sum, { bytes }) => sum + bytes, 0) < lackingBytes) return false
    const going = leastUsed(all, lackingBytes)
    for (const list of lists) {
      const gone = list.all.filter((one) => going.includes(one))
      if (gone.length > 0) await list.part.remove(gone)
    }
    return going.length > 0
  }

  #lists(): Promise<{ readonly part: HeldPart; readonly all: readonly Holding[] }[]> {
    return Promise.all(this.#options.parts.map(async (part) => ({ part, all: await part.holdings() })))
  }

  #lackingBytes(moreBytes: number): number {
    const { held, budgetBytes: budget } = this.now()
    return heldBytes(held) + moreBytes - budget
  }
}

function free(holdings: readonly Holding[]): Holding[] {
  return holdings.filter(({ inUse }) => !inUse)
}

function isNews(told: HostDisk, now: HostDisk): boolean {
  const differ = (before: number, after: number) => Math.abs(after - before) > before * TELLING_CHANGE
  return differ(told.budgetBytes, now.budgetBytes) || HELD_KINDS.some((kind) => differ(told.held[kind], now.held[kind]))
}
