import { WindfallError } from "../../protocol/errors.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Cli } from "../cli.ts"
import { JobSignals } from "../follow/job-signals.ts"
import { JobWatch } from "../follow/job-watch.ts"
import { jobTitle, verdictText } from "../render/job-text.ts"
import { say } from "../say.ts"
import { attachTerminal } from "./attach-terminal.ts"
import { checkTerminal } from "./raw-terminal.ts"
import { ThereTeller } from "./there-teller.ts"

/** 128 + SIGHUP, and what Windfall's own failures have. */
const HUNG_UP = 129
const WINDFALL_FAILED = 125

/**
 * Opens a shell in a running job's folder, beside the job, and returns its exit code.
 * @throws {WindfallError} when there can be none: no terminal here, the job does not run, its host is out of contact...
 */
export async function shellBeside(cli: Cli, job: JobView): Promise<number> {
  checkTerminal()
  if (isFinal(job.state)) {
    throw new WindfallError("wrong_state", `Cannot open a shell beside ${jobTitle(job)}: it ${verdictText(job)}`, {
      hint: `What it printed: windfall logs ${job.id}   its files: windfall get ${job.id}`,
    })
  }
  using signals = new JobSignals()
  const leave = new AbortController()
  signals.listen(() => leave.abort())
  const over = new AbortController()
  const onTeller = (say: (text: string) => void) => watchFor(cli, job, say, over.signal)
  const end = await attachTerminal(cli, { job: job.id, route: "shell", signal: leave.signal, onTeller }).finally(() =>
    over.abort(),
  )
  if (end.kind === "left") return HUNG_UP
  if (end.kind === "gone") {
    if (!end.wasAttached) throw end.error
    await say(cli, `the shell is gone: ${end.error.message}`)
    return WINDFALL_FAILED
  }
  const { exitCode, signal } = end.exit
  const now = await cli.client.get<JobView>(`/v1/jobs/${job.id}`)
  if (isFinal(now.state) || now.state === "finishing")
    await say(cli, `${jobTitle(now)} has ended, and the shell with it`)
  return exitCode ?? 128 + (signal ?? 0)
}

/** Says what is done to the job for its host's owner's sake, for as long as somebody is there. */
function watchFor(cli: Cli, job: JobView, say: (text: string) => void, signal: AbortSignal): void {
  const there = new ThereTeller(job, { say, now: () => cli.clock.now() })
  const watch = new JobWatch({
    client: cli.client,
    job,
    signal,
    patienceMs: Number.POSITIVE_INFINITY,
    onRetry: () => undefined,
    onChange: (view) => there.see(view),
  })
  // The terminal itself tells of a lost connection.
  watch.run().catch(() => undefined)
}
