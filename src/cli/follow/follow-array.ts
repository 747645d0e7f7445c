import { deferred } from "../../base/deferred.ts"
import type { JobView } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import { failureText, progressText } from "../render/array-text.ts"
import type { FollowEnd, FollowOptions } from "./follow-job.ts"
import { JobWatch } from "./job-watch.ts"
import { SERVER_PATIENCE_MS } from "./link-failure.ts"
import { StopAsker } from "./stop-asker.ts"
import { WaitReason } from "./wait-reason.ts"

const TICK_MS = 1_000
/** An array of which nothing has begun by then waits for something. */
const WAITS_MS = 3_000
/** Where no status line shows how far it is, it is said so often in all. */
const STEPS = 10

/**
 * Tells how far an array is and which tasks fail first, until all have ended, the person detaches, or the server stays away. What the tasks
 * print is not passed through: it is told how to see it.
 */
export async function followArray(cli: Cli, job: JobView, options: FollowOptions): Promise<FollowEnd> {
  const { sink, signals } = options
  const abort = new AbortController()
  const detached = deferred<"asked" | "hangup" | "unread">()
  const reason = new WaitReason(cli.client, () => cli.clock.monotonicMs())
  let toldFailures = 0
  let toldSteps = 0
  const tell = (view: JobView) => {
    const { array } = view
    if (array === undefined) return
    for (const failure of array.failures.slice(toldFailures)) {
      const { index, cause } = failure
      const look = cause === "dependency_failed" ? "" : `: windfall logs ${view.id}_${index}`
      void sink.say(`${failureText(view, failure)}${look}`)
    }
    toldFailures = Math.max(toldFailures, array.failures.length)
    const done = array.count - array.counts.waiting - array.counts.running
    const steps = Math.floor((done * STEPS) / array.count)
    if (steps <= toldSteps) return
    toldSteps = steps
    if (!cli.stderr.isTerminal && done < array.count) void sink.say(`job ${view.id}: ${progressText(array)}`)
  }
  const watch = new JobWatch({
    client: cli.client,
    job,
    signal: abort.signal,
    patienceMs: SERVER_PATIENCE_MS,
    onRetry: () => undefined,
    onChange: (view) => {
      void sink.event({ type: "job", job: view })
      void sink.showStanding(reason.with(view))
      tell(view)
    },
  })
  const asker = new StopAsker({ cli, sink, job: job.id, detach: (why) => detached.resolve(why) })
  signals.listen((signal) => asker.take(signal))
  const tick = async (): Promise<void> => {
    await reason.refresh(watch.job)
    if (!abort.signal.aborted) await sink.showStanding(reason.with(watch.job))
  }
  const sayWaits = async (): Promise<void> => {
    if (watch.job.startedAt !== null) return
    const waits = await reason.refresh(watch.job)
    if (waits !== null && watch.job.startedAt === null) await sink.say(`job ${job.id} waits: ${waits.summary}`)
  }
  const ticker = cli.stderr.isTerminal ? setInterval(() => void tick(), TICK_MS) : undefined
  const first = cli.stderr.isTerminal ? undefined : setTimeout(() => void sayWaits(), WAITS_MS)
  try {
    const whole = watch.run()
    // When the person detaches, the end by abort is no news.
    whole.catch(() => undefined)
    const why = await Promise.race([whole.then(() => undefined), detached.promise])
    return why === undefined ? { kind: "settled", job: watch.job } : { kind: "detached", why, job: watch.job }
  } catch (error) {
    return { kind: "server_lost", error, job: watch.job }
  } finally {
    clearInterval(ticker)
    clearTimeout(first)
    abort.abort()
    await sink.clear()
  }
}
