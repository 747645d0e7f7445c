import { formatBytes } from "../../base/bytes.ts"
import type { Clock } from "../../base/clock.ts"
import type { LogGap } from "../../protocol/api.ts"
import type { OutputStream } from "../../protocol/frames.ts"

/** A flood leaves a gap wherever its reader falls behind: a line for each would be a flood of its own. */
const EVERY_MS = 5_000

/** What was not kept of one stream since it was told last. */
interface Untold {
  bytes: number
  places: number
  readonly from: number
  to: number
}

/** Tells a person of gaps in a job's output: the first at once, those that follow soon after together. */
export class GapTeller {
  readonly #clock: Clock
  readonly #say: (text: string) => Promise<void>
  readonly #untold = new Map<OutputStream, Untold>()
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, say: (text: string) => Promise<void>) {
    this.#clock = clock
    this.#say = say
  }

  async note({ stream, from, to }: LogGap["gap"]): Promise<void> {
    const untold = this.#untold.get(stream) ?? { bytes: 0, places: 0, from, to }
    untold.bytes += to - from
    untold.places += 1
    untold.to = to
    this.#untold.set(stream, untold)
    await this.tellIfDue()
  }

  /** To be called now and then, so that what came together is told also when no gap follows. */
  async tellIfDue(): Promise<void> {
    if (this.#untold.size > 0 && this.#clock.monotonicMs() - this.#toldAt >= EVERY_MS) await this.tell()
  }

  /** Tells what is left to tell. */
  async tell(): Promise<void> {
    if (this.#untold.size === 0) return
    const all = [...this.#untold]
    this.#untold.clear()
    this.#toldAt = this.#clock.monotonicMs()
    for (const [stream, untold] of all) await this.#say(gapText(stream, untold))
  }
}

function gapText(stream: OutputStream, { bytes, places, from, to }: Untold): string {
  const where = places === 1 ? `bytes ${from} to ${to}` : `in ${places} places between bytes ${from} and ${to}`
  return `${formatBytes(bytes)} of ${stream} were not kept (${where})`
}
