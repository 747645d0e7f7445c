import { attemptCount } from "../../protocol/attempt-members.ts"
import type { JobView } from "../../protocol/job.ts"
import { standingText } from "../render/job-text.ts"
import type { WaitReason } from "./wait-reason.ts"

/** These pass within seconds or minutes, and then the job starts or waits for something else (codes of scheduler/summary.ts). */
const PASSING: ReadonlySet<string> = new Set(["starting", "not_before", "checkpoint_coming"])
/** Nobody gets out of these by waiting: somebody has to do something. */
const STUCK: ReadonlySet<string> = new Set(["never_fits", "rules_forbid", "no_hosts", "host_unknown", "host_refused"])

export interface WaitTellerOptions {
  readonly reason: Pick<WaitReason, "refresh" | "with">
  /** As it is now. */
  readonly job: () => JobView
  readonly now: () => number
  readonly say: (text: string) => Promise<void>
}

/** Says that a job waits, and why; and why again, where that has become something else that concerns whoever waits for it. */
export class WaitTeller {
  readonly #options: WaitTellerOptions
  /** What it was said to wait for; `null` as long as nothing was said. */
  #told: { readonly code: string; readonly attempts: number } | null = null

  constructor(options: WaitTellerOptions) {
    this.#options = options
  }

  /** Says it, if the job waits. */
  async tell(): Promise<void> {
    const { reason, job, say, now } = this.#options
    const waits = await reason.refresh(job(), 0)
    const view = job()
    if (view.state !== "queued") return
    const attempts = attemptCount(view)
    this.#told = { code: waits?.code ?? "starting", attempts }
    const standing = standingText(reason.with(view), now())
    await say(`job ${view.id} is ${attempts === 0 ? standing : standing.replace(/^queued/, "queued again")}`)
  }

  /** To be called now and then: says it anew where it has become news. */
  async look(): Promise<void> {
    const told = this.#told
    const { reason, job } = this.#options
    if (told === null || job().state !== "queued" || attemptCount(job()) !== told.attempts) return
    const waits = await reason.refresh(job())
    if (waits === null || waits.code === told.code || PASSING.has(waits.code) || this.#told !== told) return
    if (PASSING.has(told.code) || STUCK.has(waits.code) || STUCK.has(told.code)) await this.tell()
  }
}
