import { deferred } from "../../base/deferred.ts"
import { formatDuration } from "../../base/duration.ts"
import { attemptCount, hostsText, membersOf, tellingMember } from "../../protocol/attempt-members.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Cli } from "../cli.ts"
import { OutputFailure } from "../output.ts"
import { printable } from "../render/table.ts"
import { attemptEndText } from "./attempt-end.ts"
import type { JobSignals } from "./job-signals.ts"
import type { JobSink } from "./job-sink.ts"
import { JobWatch } from "./job-watch.ts"
import { SERVER_PATIENCE_MS } from "./link-failure.ts"
import { type LogPosition, type LogSink, readLogIfKept } from "./log-reader.ts"
import { NumberedSink } from "./numbered-sink.ts"
import { PlacingTeller } from "./placing-teller.ts"
import { StopAsker } from "./stop-asker.ts"
import { StopTeller } from "./stop-teller.ts"
import { WaitReason } from "./wait-reason.ts"
import { WaitTeller } from "./wait-teller.ts"

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

const TICK_MS = 1_000
/** A job that has not started by then waits for something. */
const WAITS_MS = 3_000
/** How often it is asked whether that has become something else, where no status line shows it. */
const LOOK_MS = 5_000
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
  const say = (text: string) => sink.say(text)
  const placing = cli.stderr.isTerminal ? undefined : new PlacingTeller(cli.clock, say)
  const stops = new StopTeller(job, { say, now: () => cli.clock.now() })
  const reason = new WaitReason(cli.client, () => cli.clock.monotonicMs())
  const watch = new JobWatch({
    client: cli.client,
    job,
    signal: abort.signal,
    patienceMs: SERVER_PATIENCE_MS,
    onRetry: () => outage.began(),
    onChange: (view) => {
      outage.ended()
      void sink.event({ type: "job", job: view })
      void sink.showStanding(reason.with(view))
      asker.see(view)
      stops.see(view)
      void placing?.see(view)
    },
    onNotice: ({ message }) => void say(`job ${job.id}: ${printable(message)}`),
  })
  const waits = new WaitTeller({ reason, job: () => watch.job, now: () => cli.clock.now(), say })
  const asker = new StopAsker({ cli, sink, job: job.id, detach: (why) => detached.resolve(why) })
  signals.listen((signal) => asker.take(signal))
  const tick = async (): Promise<void> => {
    await reason.refresh(watch.job)
    if (!abort.signal.aborted) await sink.showStanding(reason.with(watch.job))
  }
  const ticker = cli.stderr.isTerminal ? setInterval(() => void tick(), TICK_MS) : undefined
  // Data that does not come on is no news of the job.
  const placed = placing && setInterval(() => void placing.see(watch.job), TICK_MS)
  // Where no status line is shown, a command that does nothing says why.
  const sayWaits = () => void (attemptCount(watch.job) < options.attempt && waits.tell())
  const first = cli.stderr.isTerminal ? undefined : setTimeout(sayWaits, WAITS_MS)
  const looks = cli.stderr.isTerminal ? undefined : setInterval(() => void waits.look(), LOOK_MS)
  try {
    const whole = Promise.all([
      watch.run(),
      readAttempts(cli, watch, options, {
        signal: abort.signal,
        outage,
        waits,
        onUnread: () => detached.resolve("unread"),
      }),
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
    clearTimeout(first)
    clearInterval(looks)
    abort.abort()
    await sink.clear()
  }
}

async function readAttempts(
  cli: Cli,
  watch: JobWatch,
  options: FollowOptions,
  {
    signal,
    outage,
    waits,
    onUnread,
  }: {
    readonly signal: AbortSignal
    readonly outage: Outage
    readonly waits: WaitTeller
    readonly onUnread: () => void
  },
): Promise<void> {
  const { sink } = options
  const sinkOf = (rank?: number): LogSink => ({
    output: async (stream, bytes, offset) => {
      outage.ended()
      await sink.output(stream, bytes, offset, rank)
      if (sink.isUnread) onUnread()
    },
    gap: (gap) => sink.gap(gap),
    end: () => sink.end(),
  })
  const say = (text: string) => sink.say(text, { always: true })
  for (let number = options.attempt; ; number++) {
    sink.attempt = number
    const request = {
      client: cli.client,
      job: watch.job.id,
      attempt: number,
      follow: true,
      signal,
      patienceMs: SERVER_PATIENCE_MS,
      onRetry: () => outage.began(),
    }
    const attempt = (rank = 0) => membersOf(watch.job, number)[rank]
    const readAll = async (logSink: LogSink, rank?: number) => {
      const position: LogPosition = { stdout: 0, stderr: 0 }
      for (let round = 0; round <= REREADS; round++) {
        if (!(await readLogIfKept({ ...request, rank }, position, logSink, say))) break
        // A server that ends in the middle also ends the body: the attempt's own count says whether this was all.
        await watch.until((job) => isFinal(job.state) || attempt(rank)?.state === "ended")
        const { stdoutBytes = 0, stderrBytes = 0 } = attempt(rank) ?? {}
        if (position.stdout >= stdoutBytes && position.stderr >= stderrBytes) break
      }
    }
    const { gang } = watch.job.spec
    if (gang === undefined) await readAll(sinkOf())
    else {
      const ranks = Array.from({ length: gang.hosts }, (_, rank) => rank)
      const ofRank = (rank: number) => (sink.isJson ? sinkOf(rank) : new NumberedSink(rank, sinkOf(rank)))
      await Promise.all(ranks.map((rank) => readAll(ofRank(rank), rank)))
    }
    await watch.until((job) => isFinal(job.state) || attemptCount(job) > number || isQueuedAgain(job, number))
    if (isFinal(watch.job.state) && attemptCount(watch.job) <= number) return
    const ended = tellingMember(watch.job, number)
    await sink.say(
      `attempt ${number} on ${hostsText(watch.job, number) ?? "its host"} ${attemptEndText(watch.job, ended)}`,
    )
    // Who may take it next, and when, nobody knows: until then nothing else would be heard.
    if (isQueuedAgain(watch.job, number)) await waits.tell()
    await watch.until((job) => isFinal(job.state) || attemptCount(job) > number)
    const next = membersOf(watch.job, number + 1)[0]
    if (next === undefined) return
    await sink.say(`job ${watch.job.id} goes on with attempt ${next.number} on ${hostsText(watch.job, next.number)}`)
  }
}

/** Whether the attempt has come and gone, and the job waits for the next. */
function isQueuedAgain(job: JobView, number: number): boolean {
  return (job.state === "queued" || job.state === "held") && attemptCount(job) === number
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
    void this.#sink.say(
      `the server does not answer; the job goes on, trying again for ${formatDuration(SERVER_PATIENCE_MS)}`,
    )
  }

  ended(): void {
    if (this.#said) void this.#sink.say("the server is back")
    this.#since = undefined
    this.#said = false
  }
}
