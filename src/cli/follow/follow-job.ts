import { deferred } from "../../base/deferred.ts"
import { formatDuration } from "../../base/duration.ts"
import type { AttemptView, JobView } from "../../protocol/job.ts"
import { isFinal, isForOwner } from "../../protocol/job-state.ts"
import type { Cli } from "../cli.ts"
import { OutputFailure } from "../output.ts"
import { standingText, verdictText } from "../render/job-text.ts"
import type { JobSignals } from "./job-signals.ts"
import type { JobSink } from "./job-sink.ts"
import { JobWatch } from "./job-watch.ts"
import { type LogPosition, type LogSink, readLogIfKept } from "./log-reader.ts"
import { tellNotices } from "./notice-teller.ts"
import { PlacingTeller } from "./placing-teller.ts"
import { StopAsker } from "./stop-asker.ts"
import { StopTeller } from "./stop-teller.ts"
import { WaitReason } from "./wait-reason.ts"

/** How following ended. Only `settled` says anything about the job. */
export type FollowEnd =
  | { readonly kind: "settled"; readonly job: JobView }
  | { readonly kind: "detached"; readonly why: "asked" | "hangup" | "unread"; readonly job: JobView }
  | { readonly kind: "server_lost" | "unwritten"; readonly error: unknown; readonly job: JobView }

export interface FollowOptions {
  readonly sink: JobSink
  readonly signals: JobSignals
  /** The first attempt whose output is wanted. */
  readonly attempt: number
}

/** How long an attached command waits for its server to come back. */
const PATIENCE_MS = 60_000
const TICK_MS = 1_000
/** A job that has not started by then waits for something. */
const WAITS_MS = 3_000
const REREADS = 3

/**
 * Passes a job's output through and its standing on, from attempt to attempt, until the job has ended and its outputs are
 * on the server, or the person detaches, or the server stays away.
 */
export async function followJob(cli: Cli, job: JobView, options: FollowOptions): Promise<FollowEnd> {
  const { sink, signals } = options
  const abort = new AbortController()
  const detached = deferred<"asked" | "hangup" | "unread">()
  const outage = new Outage(cli, sink)
  const placing = cli.stderr.isTerminal ? undefined : new PlacingTeller(cli.clock, (text) => sink.say(text))
  const stops = new StopTeller(job, (view) => sink.say(`job ${job.id} is ${standingText(view, cli.clock.now())}`))
  const reason = new WaitReason(cli.client, () => cli.clock.monotonicMs())
  const watch = new JobWatch({
    client: cli.client,
    job,
    signal: abort.signal,
    patienceMs: PATIENCE_MS,
    onRetry: () => outage.began(),
    onChange: (view) => {
      outage.ended()
      void sink.event({ type: "job", job: view })
      void sink.showStanding(reason.with(view))
      asker.see(view)
      stops.see(view)
      void placing?.see(view)
    },
  })
  const asker = new StopAsker({ cli, sink, job: job.id, detach: (why) => detached.resolve(why) })
  signals.listen((signal) => asker.take(signal))
  const tick = async (): Promise<void> => {
    await reason.refresh(watch.job)
    if (!abort.signal.aborted) await sink.showStanding(reason.with(watch.job))
  }
  /** Where no status line is shown, a command that does nothing says why, once. */
  const sayWaiting = async (): Promise<void> => {
    await reason.refresh(watch.job)
    if (abort.signal.aborted || watch.job.state !== "queued") return
    await sink.say(`job ${job.id} is ${standingText(reason.with(watch.job), cli.clock.now())}`)
  }
  const ticker = cli.stderr.isTerminal ? setInterval(() => void tick(), TICK_MS) : undefined
  // Data that does not come on is no news of the job.
  const placed = placing && setInterval(() => void placing.see(watch.job), TICK_MS)
  const waits = cli.stderr.isTerminal ? undefined : setTimeout(() => void sayWaiting(), WAITS_MS)
  const { client, clock } = cli
  const say = (text: string) => sink.say(text)
  void tellNotices({ client, clock, job: () => watch.job, say }, abort.signal)
  try {
    const whole = Promise.all([
      watch.run(),
      readAttempts(cli, watch, options, abort.signal, outage, () => detached.resolve("unread")),
    ])
    // When one of the two has failed, the other's end by abort is no news.
    whole.catch(() => undefined)
    const why = await Promise.race([whole.then(() => undefined), detached.promise])
    return why === undefined ? { kind: "settled", job: watch.job } : { kind: "detached", why, job: watch.job }
  } catch (error) {
    return { kind: error instanceof OutputFailure ? "unwritten" : "server_lost", error, job: watch.job }
  } finally {
    clearInterval(ticker)
    clearInterval(placed)
    clearTimeout(waits)
    abort.abort()
    await sink.clear()
  }
}

async function readAttempts(
  cli: Cli,
  watch: JobWatch,
  options: FollowOptions,
  signal: AbortSignal,
  outage: Outage,
  onUnread: () => void,
): Promise<void> {
  const { sink } = options
  const logSink: LogSink = {
    output: async (stream, bytes, offset) => {
      outage.ended()
      await sink.output(stream, bytes, offset)
      if (sink.isUnread) onUnread()
    },
    gap: (gap) => sink.gap(gap),
    end: () => sink.end(),
  }
  const say = (text: string) => sink.say(text, { always: true })
  for (let number = options.attempt; ; number++) {
    sink.attempt = number
    const position: LogPosition = { stdout: 0, stderr: 0 }
    const request = {
      client: cli.client,
      job: watch.job.id,
      attempt: number,
      follow: true,
      signal,
      patienceMs: PATIENCE_MS,
      onRetry: () => outage.began(),
    }
    const attempt = () => watch.job.attempts.find((one) => one.number === number)
    for (let round = 0; round <= REREADS; round++) {
      if (!(await readLogIfKept(request, position, logSink, say))) break
      // A server that ends in the middle also ends the body: the attempt's own count says whether this was all.
      await watch.until((job) => isFinal(job.state) || attempt()?.state === "ended")
      const { stdoutBytes = 0, stderrBytes = 0 } = attempt() ?? {}
      if (position.stdout >= stdoutBytes && position.stderr >= stderrBytes) break
    }
    await watch.until((job) => isFinal(job.state) || job.attempts.length > number)
    const next = watch.job.attempts.find((one) => one.number === number + 1)
    if (next === undefined) return
    const ended = attempt()
    await sink.say(`attempt ${number} on ${ended?.hostName ?? "its host"} ${endText(watch.job, ended)}`)
    await sink.say(`job ${watch.job.id} goes on with attempt ${next.number} on ${next.hostName}`)
  }
}

function endText(job: JobView, ended: AttemptView | undefined): string {
  if (ended === undefined) return "ended"
  // Nothing has failed where a job makes room for a Mac's owner.
  if (isForOwner(ended.cause)) return (ended.message ?? "It stepped aside").replace(/^It /, "")
  return verdictText({ ...job, ...ended, reason: ended.message, state: "failed" })
}

/** Says once that the server is away, and once that it is back. */
class Outage {
  readonly #cli: Cli
  readonly #sink: JobSink
  #since: number | undefined
  #said = false

  constructor(cli: Cli, sink: JobSink) {
    this.#cli = cli
    this.#sink = sink
  }

  began(): void {
    const now = this.#cli.clock.monotonicMs()
    this.#since ??= now
    // A restart within a second or two concerns nobody.
    if (this.#said || now - this.#since < 2_000) return
    this.#said = true
    void this.#sink.say(`the server does not answer; the job goes on, trying again for ${formatDuration(PATIENCE_MS)}`)
  }

  ended(): void {
    if (this.#said) void this.#sink.say("the server is back")
    this.#since = undefined
    this.#said = false
  }
}
