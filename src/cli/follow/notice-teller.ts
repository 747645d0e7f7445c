import type { Clock } from "../../base/clock.ts"
import type { JobView } from "../../protocol/job.ts"
import type { Client } from "../client.ts"
import { noticesOf } from "../job-notices.ts"
import { printable } from "../render/table.ts"

/** A job that is over by then has little to be told of. */
const FIRST_MS = 3_000
/** As often as hosts look for what is told so. They are no state of the job, so nothing else brings them. */
const EVERY_MS = 15_000

export interface NoticeTellerOptions {
  readonly client: Pick<Client, "get">
  readonly clock: Pick<Clock, "sleep">
  /** As it is now. */
  readonly job: () => JobView
  readonly say: (text: string) => Promise<void>
}

/** Tells whoever follows a job what is noted of it meanwhile, each once, until `signal`. Never throws. */
export async function tellNotices(options: NoticeTellerOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, job, say } = options
  try {
    let after = 0
    for (let waitMs = FIRST_MS; !signal.aborted; waitMs = EVERY_MS) {
      await clock.sleep(waitMs, { signal })
      const { id, state } = job()
      if (state === "queued" || state === "held") continue
      const { notices, last } = await noticesOf(client, id, after)
      after = last
      if (signal.aborted) return
      for (const { message } of notices) await say(`job ${id}: ${printable(message)}`)
    }
  } catch {
    // It is over, or the server is away, which whoever follows the job hears by other means.
  }
}
