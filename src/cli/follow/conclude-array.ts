import { formatBytes } from "../../base/bytes.ts"
import type { JobView } from "../../protocol/job.ts"
import { bringArray, broughtText, tasksWithFiles } from "../bring/bring-array.ts"
import type { Cli } from "../cli.ts"
import { forgetJob } from "../remembered.ts"
import { endText, jobExitCode } from "../render/job-text.ts"
import { printable } from "../render/table.ts"
import type { ConcludeOptions } from "./conclude.ts"

/** More than this does not come home unasked. */
const ASK_BYTES = 1024 ** 3
const WINDFALL_FAILED = 125

/** Brings the files of an array's tasks home, each task's to a folder of its own, and says what became of it. Returns the exit code. */
export async function concludeArray(cli: Cli, job: JobView, { sink, home }: ConcludeOptions): Promise<number> {
  let exitCode = jobExitCode(job)
  const parts = [endText(job)]
  const tasks = await tasksWithFiles(cli, job)
  const bytes = tasks.reduce((sum, { outputs }) => sum + (outputs?.bytes ?? 0), 0)
  if (tasks.length > 0) {
    const waiting = `the files of ${tasks.length} task${tasks.length === 1 ? "" : "s"} (${formatBytes(bytes)}) wait`
    if (home === null) parts.push(`${waiting}: windfall get ${job.id}`)
    else if (bytes > ASK_BYTES && !home.yes) {
      home.remember()
      parts.push(`${waiting}, as that is more than ${formatBytes(ASK_BYTES)}: windfall get ${job.id}`)
    } else {
      const came = await bringArray(cli, job, tasks, home.into, (text) => sink.say(text))
      parts.push(printable(broughtText(came, cli.cwd)))
      for (const { index, reason } of came.problems) await sink.say(`${job.id}_${index}: ${reason}`, { always: true })
      if (came.problems.length > 0) {
        exitCode ||= WINDFALL_FAILED
        home.remember()
      } else forgetJob(cli.settings, cli.client.url, job.id)
      await sink.event({ type: "files", job: job.id, ...came })
    }
  } else forgetJob(cli.settings, cli.client.url, job.id)
  await sink.say(parts.join("; "))
  await sink.event({ type: "end", exitCode, state: job.state, cause: job.cause, detached: false, hints: [], job })
  return exitCode
}
