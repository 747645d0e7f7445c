import type { JobView } from "../../protocol/job.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { findJob } from "../find-job.ts"
import { leftEvent } from "../follow/conclude.ts"
import { recallJob, rememberJob } from "../remembered.ts"
import { jobTitle, standingText } from "../render/job-text.ts"
import { printJson, say } from "../say.ts"
import { attachJob } from "./attach.ts"

export const rerun = command({
  name: "rerun",
  operands: "JOB",
  about: "Sends the same job again, with the folder as it was then. It gets a number of its own.",
  minimum: 1,
  maximum: 1,
  options: {
    detach: flag("do not stay: print the new job's number and end", { short: "d" }),
    yes: flag("do not ask: bring large outputs home", { short: "y" }),
    quiet: flag("say nothing but errors and warnings; the job's own output stays", { short: "q" }),
    json: flag("print events as JSON, one a line; the last one says the exit code"),
  },
  examples: [],
  async run(cli, options, [typed = ""]) {
    const earlier = await findJob(cli, typed)
    if (earlier.spec.kind === "session" && !options.detach && !options.json) {
      // Said after the server has taken it, a session would stand there that nobody sits at.
      ;(await import("../terminal/raw-terminal.ts")).checkTerminal()
    }
    const job = await cli.client.post<JobView>(`/v1/jobs/${earlier.id}/rerun`, {})
    const { url } = cli.client
    const into = recallJob(cli.settings, url, earlier.id)?.folder ?? cli.cwd
    const remember = () =>
      rememberJob(cli.settings, url, { job: job.id, name: job.spec.name, folder: into, told: false })
    if (!options.detach) return attachJob(cli, job, options, { into, yes: options.yes, remember })
    remember()
    if (options.json) {
      await printJson(cli, { type: "accepted", job: job.id, name: job.spec.name })
      await printJson(cli, leftEvent(job, 0))
    } else {
      await cli.stdout.write(`${job.id}\n`)
      if (!options.quiet) await say(cli, `${jobTitle(job)} is ${standingText(job, cli.clock.now())}`)
    }
    return 0
  },
})
