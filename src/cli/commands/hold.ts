import type { JobView } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { eachJob } from "../each-job.ts"
import { jobTitle, standingText } from "../render/job-text.ts"

export const hold = command({
  name: "hold",
  operands: "JOB...",
  about:
    "Keeps jobs that wait from starting until they are released. A hold by an administrator on somebody else's job only administrators release.",
  minimum: 1,
  maximum: 1000,
  options: { json: flag("print the jobs as JSON, one a line") },
  examples: [["windfall hold 12", "job 12 waits until windfall release 12"]],
  run: (cli, options, typed) =>
    eachJob(cli, typed, options.json, "hold", {}, (job, tasks) => stands(cli, job, tasks, "held as far as they wait")),
})

export const release = command({
  name: "release",
  operands: "JOB...",
  about: "Lets held jobs go on: each joins the queue once nothing else keeps it out.",
  minimum: 1,
  maximum: 1000,
  options: { json: flag("print the jobs as JSON, one a line") },
  examples: [["windfall release 12 train", "both may start"]],
  run: (cli, options, typed) =>
    eachJob(cli, typed, options.json, "release", {}, (job, tasks) => stands(cli, job, tasks, "released")),
})

/** @param done what became of the tasks, where several are named */
function stands(cli: Cli, job: JobView, tasks: string | null, done: string): string {
  const part = tasks === null ? "" : `tasks ${tasks}: ${done}; `
  return `${part}${jobTitle(job)}: ${standingText(job, cli.clock.now())}`
}
