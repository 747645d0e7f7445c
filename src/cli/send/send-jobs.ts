import type { SubmitBatchAnswer } from "../../protocol/api.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import { printJson } from "../say.ts"
import { dryRun } from "./dry-run.ts"
import { withEnvironment } from "./environment.ts"
import { withQueue } from "./queue-asked.ts"
import { folderOptions, type SendRequest, specOf } from "./send-job.ts"
import { SendingFolder } from "./sending-folder.ts"
import { leaveJob } from "./stay.ts"
import { checkStdin, type StdinBlob, takeStdin } from "./stdin-blob.ts"
import { submitDrafts } from "./submit-drafts.ts"
import { travelTeller } from "./travel-note.ts"

/**
 * Sends several jobs, all or none, and leaves them to run. What this machine can tell is checked for all of them before
 * anything is sent; what only the server can refuse, it refuses for all at once. Returns the exit code.
 */
export async function sendJobs(cli: Cli, requests: readonly SendRequest[]): Promise<number> {
  const folders = new Map<string, SendingFolder>()
  const checked: { request: SendRequest; spec: JobSpec; folder: SendingFolder | undefined }[] = []
  for (const request of requests) {
    const spec = await withEnvironment(
      cli,
      await withQueue(cli, specOf(cli, request), request.values),
      request.values,
      request,
    )
    if (request.values.stdin !== undefined) checkStdin(cli, request.values.stdin)
    checked.push({ request, spec, folder: folderOf(cli, request, folders) })
  }
  for (const folder of folders.values()) await folder.checkIncluded()
  for (const { spec, folder } of checked) await folder?.checkData(spec)
  for (const { request, folder } of checked) await folder?.sayNamed(request.command, request.workingFolder)
  if (requests.some((request) => request.dryRun)) {
    return dryRun(
      cli,
      checked.map(({ request, spec, folder }) => ({ spec, folder, json: request.json })),
    )
  }
  void cli.client

  using stack = new DisposableStack()
  const stdins = new Map<string, StdinBlob>()
  for (const { values, quiet } of requests) {
    if (values.stdin === undefined || stdins.has(values.stdin)) continue
    stdins.set(values.stdin, stack.use(await takeStdin(cli, values.stdin, { quiet })))
  }
  const drafts = checked.map(({ request, spec, folder }) => {
    const stdin = request.values.stdin === undefined ? undefined : stdins.get(request.values.stdin)
    return { spec: { ...spec, stdin: stdin?.hash ?? null }, folder }
  })
  const sayTravel = requests.every(({ quiet }) => quiet) ? undefined : travelTeller(cli)
  const { jobs } = await submitDrafts(cli, drafts, [...stdins.values()], {
    post: async (specs) => {
      await sayTravel?.(specs)
      return cli.client.post<SubmitBatchAnswer>("/v1/jobs/batch", { specs })
    },
  })
  for (const [i, { request, spec }] of checked.entries())
    await leaveJob(cli, { id: jobs[i]!, spec }, request, "accepted")
  if (requests.some(({ json }) => json)) await printJson(cli, { type: "end", exitCode: 0, detached: true, jobs })
  for (const folder of folders.values()) folder.saveCache()
  return 0
}

/** Jobs that send the same of the same folder share it. */
function folderOf(cli: Cli, request: SendRequest, folders: Map<string, SendingFolder>): SendingFolder | undefined {
  if (request.folder === null) return undefined
  const key = JSON.stringify([request.folder, request.values.include ?? []])
  const folder = folders.get(key) ?? new SendingFolder(cli, folderOptions(request, request.folder))
  folders.set(key, folder)
  return folder
}
