import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Cli } from "../cli.ts"
import { attemptEndText } from "../follow/attempt-end.ts"
import type { FollowEnd, FollowOptions } from "../follow/follow-job.ts"
import { JobWatch } from "../follow/job-watch.ts"
import { readLogIfKept } from "../follow/log-reader.ts"
import { StopAsker } from "../follow/stop-asker.ts"
import { printable } from "../render/table.ts"
import { type AttachEnd, attachTerminal } from "./attach-terminal.ts"
import { checkTerminal } from "./raw-terminal.ts"
import { ThereTeller } from "./there-teller.ts"

const TICK_MS = 1_000

/**
 * Follows a job that has a terminal of its own as the one who sits at it: shows how it waits, attaches when it runs, and
 * stays until the job has ended and its files are on the server, or the person leaves.
 * @throws {WindfallError} invalid_input where standard input or output is no terminal
 */
export async function followSession(cli: Cli, job: JobView, options: FollowOptions): Promise<FollowEnd> {
  checkTerminal()
  const { sink, signals } = options
  const abort = new AbortController()
  const leave = new AbortController()
  let attached = false
  let sayThere: (text: string) => void = () => undefined
  const there = new ThereTeller(job, {
    say: (text) => {
      // Without a terminal on the host the status line says it.
      if (attached && !sink.isQuiet) sayThere(text)
    },
    now: () => cli.clock.now(),
  })
  const show = (view: JobView) => {
    if (!attached) void sink.showStanding(view)
  }
  const watch = new JobWatch({
    client: cli.client,
    job,
    signal: abort.signal,
    patienceMs: Number.POSITIVE_INFINITY,
    onRetry: () => undefined,
    onChange: (view) => {
      there.see(view)
      show(view)
    },
  })
  let why: "asked" | "hangup" = "asked"
  const detach = (reason: "asked" | "hangup") => {
    why = reason
    leave.abort()
  }
  const asker = new StopAsker({ cli, sink, job: job.id, detach })
  signals.listen((signal) => (attached ? detach("hangup") : asker.take(signal)))
  const ticker = cli.stderr.isTerminal ? setInterval(() => show(watch.job), TICK_MS) : undefined
  const left = new Promise<void>((resolve) => leave.signal.addEventListener("abort", () => resolve(), { once: true }))
  /** Who attaches to what is stopped would take it for hanging. */
  const sayIfStopped = ({ id, state, attempts }: JobView) => {
    const { hostName, suspended } = attempts.at(-1) ?? {}
    if (state === "suspended" && !sink.isQuiet)
      sayThere(`job ${id} is suspended on ${hostName}${suspended == null ? "" : `: ${printable(suspended.text)}`}`)
  }
  const watching = watch.run()
  watching.catch(() => undefined)
  const until = (condition: (view: JobView) => boolean) => Promise.race([watch.until(condition), watching, left])
  try {
    for (let number = options.attempt; ; number++) {
      await until((view) => isFinal(view.state) || hasStarted(view, number))
      if (leave.signal.aborted) return { kind: "detached", why, job: watch.job }
      let end: AttachEnd | undefined
      if (hasStarted(watch.job, number) && !isFinal(watch.job.state)) {
        attached = true
        await sink.clear()
        const onTeller = (say: (text: string) => void) => {
          sayThere = say
          sayIfStopped(watch.job)
        }
        end = await attachTerminal(cli, { job: job.id, route: "terminal", signal: leave.signal, onTeller })
        attached = false
      }
      if (end?.kind === "left") return { kind: "detached", why, job: watch.job }
      if (end?.kind === "gone" && end.error.code !== "wrong_state") {
        return { kind: "server_lost", error: end.error, job: watch.job }
      }
      // The server learns of the end a moment after the terminal told of it; a terminal taken over has no end.
      if (end?.kind === "gone") await Promise.race([until((view) => hasEnded(view, number)), cli.clock.sleep(TICK_MS)])
      if (end?.kind === "gone" && !hasEnded(watch.job, number)) {
        await sink.say(end.error.message, { always: true })
        return { kind: "detached", why, job: watch.job }
      }
      await until((view) => hasEnded(view, number))
      if (end?.kind !== "exit") await showRest(cli, watch.job, number, end?.shownBytes ?? 0, options, abort.signal)
      await until((view) => isFinal(view.state) || view.attempts.length > number || view.state === "queued")
      if (isFinal(watch.job.state)) break
      const ended = watch.job.attempts.find((one) => one.number === number)
      await sink.say(`attempt ${number} on ${ended?.hostName ?? "its host"} ${attemptEndText(watch.job, ended)}`)
      await sink.say(`job ${job.id} waits again; its next attempt opens in this terminal`)
    }
    await Promise.race([watching, left])
    return leave.signal.aborted ? { kind: "detached", why, job: watch.job } : { kind: "settled", job: watch.job }
  } catch (error) {
    return { kind: "server_lost", error, job: watch.job }
  } finally {
    clearInterval(ticker)
    abort.abort()
    await sink.clear()
  }
}

/** What was printed after the connection was lost, or before there was one: the log has it, at the terminal's own offsets. */
async function showRest(
  cli: Cli,
  job: JobView,
  attempt: number,
  shownBytes: number,
  { sink }: FollowOptions,
  signal: AbortSignal,
): Promise<void> {
  if (job.attempts.length < attempt) return
  const request = { client: cli.client, job: job.id, attempt, follow: true, signal }
  const say = (text: string) => sink.say(text, { always: true })
  await readLogIfKept(request, { stdout: shownBytes, stderr: 0 }, sink, say)
}

function hasStarted(job: JobView, attempt: number): boolean {
  const state = job.attempts.find((one) => one.number === attempt)?.state
  return state === "running" || state === "suspended" || state === "finishing"
}

function hasEnded(job: JobView, attempt: number): boolean {
  const state = job.attempts.find((one) => one.number === attempt)?.state
  return isFinal(job.state) || state === "finishing" || state === "ended" || job.attempts.length > attempt
}
