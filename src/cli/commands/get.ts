import { formatBytes } from "../../base/bytes.ts"
import type { OutputList } from "../../protocol/api.ts"
import type { JobView } from "../../protocol/job.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import { bringOutputs } from "../bring/bring-outputs.ts"
import { path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { findJob } from "../find-job.ts"
import { recallJob } from "../remembered.ts"
import { homecomingNotes, homecomingText, lostText } from "../render/homecoming-text.ts"
import { jobTitle } from "../render/job-text.ts"
import { printable, renderTable } from "../render/table.ts"
import { printJson, say } from "../say.ts"

export const get = command({
  name: "get",
  operands: "JOB",
  about:
    "Brings a job's output files to the folder it was sent from (or to the one you are in). A file that changed here meanwhile is left alone: the job's comes beside it as NAME.JOB. When it breaks off, call it again: it goes on where it was. Files that are damaged on the server are named, and the rest comes.",
  minimum: 1,
  maximum: 1,
  options: {
    to: value("DIR", "bring them to this folder instead", notEmpty, { short: "o", also: ["output", "output-dir"] }),
    list: flag("only list the files", { short: "l" }),
    json: flag("print what came, or with --list the files, as JSON"),
  },
  examples: [
    ["windfall get 17_5", "the files of one task of an array; get 17 brings those of all, to array-17/INDEX"],
    ["windfall get 12", "the files of job 12, where they belong"],
    ["windfall get 12 -o results", "into the folder results"],
  ],
  async run(cli, options, [typed = ""]) {
    const job = await findJob(cli, typed)
    if (job.array !== undefined) return getArray(cli, job, options)
    if (options.list) {
      const { files, lost } = await cli.client.get<OutputList>(`/v1/jobs/${job.id}/outputs`)
      if (options.json) for (const file of files) await printJson(cli, file)
      else if (files.length === 0) await cli.stdout.write("No files.\n")
      else {
        const rows = files.map((file) => [formatBytes(file.bytes), file.path])
        await cli.stdout.write(renderTable([{ title: "SIZE", right: true }, { title: "FILE" }], rows))
      }
      for (const path of lost) await say(cli, lostText(path === "" ? "the list of its files" : path))
      return lost.length > 0 ? 125 : 0
    }
    const remembered = recallJob(cli.settings, cli.client.url, job.id)?.folder
    const into = options.to === undefined ? (remembered ?? cli.cwd) : path.resolve(cli.cwd, options.to)
    const came = await bringOutputs(cli, job, into, (text) => say(cli, text))
    if (options.json) await printJson(cli, { type: "files", job: job.id, into, ...came })
    else
      await cli.stdout.write(
        `${jobTitle(job)}: ${homecomingText(came)}${into === cli.cwd ? "" : ` in ${printable(into)}`}\n`,
      )
    for (const line of homecomingNotes(came, job.id)) await say(cli, line)
    return came.refused.length + came.lost.length > 0 ? 125 : 0
  },
})

/** Of an array: the files of each task in a folder of its own. */
async function getArray(
  cli: Cli,
  job: JobView,
  { to, list, json }: { readonly to: string | undefined; readonly list: boolean; readonly json: boolean },
): Promise<number> {
  const { bringArray, broughtText, tasksWithFiles } = await import("../bring/bring-array.ts")
  const tasks = await tasksWithFiles(cli, job)
  if (list) {
    const rows = tasks.map((task) => [jobNumber(task), `${task.outputs?.files}`, formatBytes(task.outputs?.bytes ?? 0)])
    if (json) for (const { id, task, outputs } of tasks) await printJson(cli, { job: id, task, outputs })
    else if (rows.length === 0) await cli.stdout.write("No files.\n")
    else {
      const columns = [{ title: "TASK" }, { title: "FILES", right: true }, { title: "SIZE", right: true }]
      await cli.stdout.write(renderTable(columns, rows))
    }
    return 0
  }
  const remembered = recallJob(cli.settings, cli.client.url, job.id)?.folder
  const into = to === undefined ? (remembered ?? cli.cwd) : path.resolve(cli.cwd, to)
  const came = await bringArray(cli, job, tasks, into, (text) => say(cli, text))
  if (json) await printJson(cli, { type: "files", job: job.id, into, ...came })
  else await cli.stdout.write(`${jobTitle(job)}: ${printable(broughtText(came, cli.cwd))}\n`)
  for (const { index, reason } of came.problems) await say(cli, `${job.id}_${index}: ${printable(reason)}`)
  return came.problems.length > 0 ? 125 : 0
}
