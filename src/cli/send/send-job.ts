import type { JobSpec, JobView } from "../../protocol/job.ts"
import type { JobValues } from "../../protocol/job-fields.ts"
import { toJobSpec } from "../../protocol/job-values.ts"
import { path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import type { followJob } from "../follow/follow-job.ts"
import { JobSignals } from "../follow/job-signals.ts"
import { say } from "../say.ts"
import { withEnvironment } from "./environment.ts"
import { listenNote } from "./listen-note.ts"
import { withQueue } from "./queue-asked.ts"
import { SendingFolder, type SendingFolderOptions } from "./sending-folder.ts"
import { type JobDraft, submitDrafts } from "./submit-drafts.ts"
import { travelTeller } from "./travel-note.ts"

/** What `send` and `apply` both come down to. */
export interface SendRequest {
  readonly values: JobValues
  /** Makes it a session, stayed with in this way until it has ended; else it is a task. */
  readonly session?: typeof followJob
  readonly command: readonly string[]
  /** The top of what travels, absolute; `null`: nothing does. */
  readonly folder: string | null
  /** Where in it the command starts, "" for the top. */
  readonly workingFolder: string
  readonly detach: boolean
  readonly json: boolean
  readonly quiet: boolean
  readonly yes: boolean
  readonly dryRun: boolean
  readonly warnBytes: number
  /** Called when the job was accepted and is stayed with; `say` puts a line between what the job prints. */
  readonly onAccepted?: (job: JobView, say: (text: string) => Promise<void>) => void
}

export const DEFAULT_WARN_BYTES = 1024 ** 3

/** Sends a job and, unless detached, stays until it has ended. Returns the exit code. */
export async function sendJob(cli: Cli, request: SendRequest): Promise<number> {
  const { values } = request
  // Everything that can be wrong with what was said is found before anything is read or sent.
  const spec = await withEnvironment(cli, await withQueue(cli, specOf(cli, request), values), values, request)
  const folder = request.folder === null ? undefined : new SendingFolder(cli, folderOptions(request, request.folder))
  await folder?.checkIncluded()
  await folder?.checkData(spec)
  await folder?.sayNamed(spec.command, request.workingFolder)
  if (!request.quiet)
    await saySuspect(cli, spec, request.folder === null ? null : path.join(request.folder, request.workingFolder))
  if (request.dryRun) return (await import("./dry-run.ts")).dryRun(cli, [{ spec, folder, json: request.json }])
  // Who is not logged in is told so before a large folder is read.
  void cli.client

  using stdin =
    values.stdin === undefined
      ? undefined
      : await (await import("./stdin-blob.ts")).takeStdin(cli, values.stdin, request)
  using signals = request.detach ? undefined : new JobSignals()
  // Who stays sees it as the job's standing.
  const sayTravel = request.detach && !request.quiet ? travelTeller(cli) : undefined
  const drafts: readonly JobDraft[] = [{ spec: { ...spec, stdin: stdin?.hash ?? null }, folder }]
  const job = await submitDrafts(cli, drafts, stdin === undefined ? [] : [stdin], {
    signals,
    post: async (wholes) => {
      await sayTravel?.(wholes)
      const [whole] = wholes
      const posting = cli.client.post<JobView>("/v1/jobs", { spec: whole })
      // One turn of the event loop puts the request on its way.
      setImmediate(() => void loadStay())
      return await posting
    },
  })
  return (await loadStay()).stay(cli, job, request, { folder, signals })
}

/**
 * Points out a line for a shell that none will read, which is sent all the same: a host may have a program of that name; and a
 * server that makes macOS ask the owner of the Mac.
 */
async function saySuspect(cli: Cli, spec: JobSpec, folder: string | null): Promise<void> {
  const { kind, command } = spec
  const listening = listenNote(spec)
  if (listening !== undefined) await say(cli, listening)
  if (spec.array !== undefined) {
    const note = (await import("./array-note.ts")).arrayNote(spec)
    if (note !== undefined) await say(cli, note)
  }
  if (kind !== "task" || command.length !== 1 || /^[\w./+-]*$/.test(command[0] ?? "")) return
  const { shellLineNote } = await import("./shell-line.ts")
  const note = shellLineNote(command, folder)
  if (note !== undefined) await say(cli, note)
}

/** What comes after the job was accepted. Loaded while the server is busy with it: that time costs nobody anything. */
function loadStay(): Promise<typeof import("./stay.ts")> {
  return import("./stay.ts")
}

/** What was asked for, before its folder and its standard input are looked at. @throws {WindfallError} as {@link toJobSpec} */
export function specOf(cli: Cli, request: SendRequest): JobSpec {
  return toJobSpec(request.values, {
    kind: request.session === undefined ? "task" : "session",
    command: request.command,
    environment: cli.settings.environment,
    workspace: null,
    workingFolder: request.workingFolder,
    stdin: null,
    terminal: terminalSize(cli),
    git: null,
  })
}

/** @param folder the one of the request */
export function folderOptions(request: SendRequest, folder: string): SendingFolderOptions {
  const { values, warnBytes, yes, quiet } = request
  return { folder, include: values.include ?? [], warnBytes, yes, quiet }
}

function terminalSize(cli: Cli): JobSpec["pty"] {
  if (!cli.stdout.isTerminal) return null
  return { columns: cli.stdout.columns, rows: process.stdout.rows || 24, term: cli.settings.term }
}
