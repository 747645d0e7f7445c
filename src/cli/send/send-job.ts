import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { JobSpec, JobView } from "../../protocol/job.ts"
import type { JobValues } from "../../protocol/job-fields.ts"
import { type SenderFacts, toJobSpec } from "../../protocol/job-values.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import type { followJob } from "../follow/follow-job.ts"
import { JobSignals } from "../follow/job-signals.ts"
import { SendingFolder } from "./sending-folder.ts"
import type { StdinBlob } from "./stdin-blob.ts"

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
}

export const DEFAULT_WARN_BYTES = 1024 ** 3
/** A file that is being written to while it is read makes a scan useless; a folder that is never quiet is an error. */
const SCANS = 4
/** Folders damaged one in the other, as a server's disk has never been seen to do it, take a turn each. */
const TURNS = 20

/** Sends a job and, unless detached, stays until it has ended. Returns the exit code. */
export async function sendJob(cli: Cli, request: SendRequest): Promise<number> {
  const { values, command } = request
  const facts: SenderFacts = {
    kind: request.session === undefined ? "task" : "session",
    command,
    environment: cli.settings.environment,
    workspace: null,
    workingFolder: request.workingFolder,
    stdin: null,
    terminal: terminalSize(cli),
    git: null,
  }
  // Everything that can be wrong with what was said is found before anything is read or sent.
  const draft = toJobSpec(values, facts)
  const { include = [] } = values
  if (request.folder === null && include.length > 0) {
    throw new WindfallError("invalid_input", `Cannot include ${include[0]}: with --no-folder nothing travels`)
  }
  const folder =
    request.folder === null
      ? undefined
      : new SendingFolder(cli, {
          folder: request.folder,
          include,
          warnBytes: request.warnBytes,
          yes: request.yes,
          quiet: request.quiet,
        })
  await folder?.checkIncluded()
  await folder?.sayIgnored(command, request.workingFolder)
  if (request.dryRun) return (await import("./dry-run.ts")).dryRun(cli, draft, folder, request.json)
  // Who is not logged in is told so before a large folder is read.
  void cli.client

  using stdin =
    values.stdin === undefined ? undefined : await (await import("./stdin-blob.ts")).takeStdin(cli, values.stdin)
  using signals = request.detach ? undefined : new JobSignals()
  const job = await submit(cli, { ...draft, stdin: stdin?.hash ?? null }, folder, stdin, signals)
  return (await loadStay()).stay(cli, job, request, { folder, signals })
}

/** What comes after the job was accepted. Loaded while the server is busy with it: that time costs nobody anything. */
function loadStay(): Promise<typeof import("./stay.ts")> {
  return import("./stay.ts")
}

/** Posts the job; what the server lacks is sent when it says that something is missing, or at once where that is sure. */
async function submit(
  cli: Cli,
  draft: JobSpec,
  folder: SendingFolder | undefined,
  stdin: StdinBlob | undefined,
  signals: JobSignals | undefined,
): Promise<JobView> {
  if (stdin !== undefined) {
    const { askMissing, uploadBlobs } = await import("./upload.ts")
    const missing = await askMissing(cli, [stdin.hash])
    if (missing.length > 0) await uploadBlobs(cli, [stdin.blob])
  }
  for (let round = 1; ; round++) {
    const scanned = await folder?.scan()
    if (scanned !== undefined) {
      await folder?.saySpecial(scanned)
      await folder?.sayUnmatched(scanned)
    }
    try {
      return await submitScanned(cli, draft, folder, scanned, signals)
    } catch (error) {
      const changed = hasCode(error, "wrong_state") || hasCode(error, "blobs_missing")
      if (!changed || scanned === undefined || round === SCANS) throw error
    }
  }
}

/** How the server is asked what it lacks before the job is posted: which of the folder's blobs are named to it. */
type Asking = "nothing" | "level by level" | "everything"

/**
 * A folder that is as it was at the last send is very likely on the server: the job itself asks. Asking level by level does
 * not find what a server has lost since below a folder that it still has, and below a folder that it has lost, more may turn
 * out lost once that is there again: so it goes on as long as something is sent.
 */
async function submitScanned(
  cli: Cli,
  draft: JobSpec,
  folder: SendingFolder | undefined,
  scanned: ScannedTree | undefined,
  signals: JobSignals | undefined,
): Promise<JobView> {
  let asking: Asking = scanned === undefined || scanned.root === scanned.previous?.hash ? "nothing" : "level by level"
  for (let turn = 1; ; turn++) {
    let sent = 0
    if (asking !== "nothing" && scanned !== undefined) {
      sent = (await folder?.upload(scanned, asking === "everything")) ?? 0
    }
    const git = scanned === undefined ? null : await gitRecord(cli, scanned)
    const workspace: BlobHash | null = scanned?.root ?? null
    signals?.arm()
    try {
      const posting = cli.client.post<JobView>("/v1/jobs", { spec: { ...draft, workspace, git } })
      // One turn of the event loop puts the request on its way.
      setImmediate(() => void loadStay())
      return await posting
    } catch (error) {
      signals?.disarm()
      if (hasCode(error, "link_lost")) throw unknownAcceptance(cli.client.url, error)
      if (scanned === undefined || !hasCode(error, "blobs_missing") || turn === TURNS) throw error
      if (asking === "everything" && sent === 0) throw error
      const { missing } = (error as WindfallError).details ?? {}
      const hasTop = Array.isArray(missing) && !missing.includes(scanned.root)
      asking = asking === "nothing" && !hasTop ? "level by level" : "everything"
    }
  }
}

function unknownAcceptance(url: string, cause: unknown): WindfallError {
  const message = `Cannot tell whether the job was accepted: the server at ${url} got it and never answered`
  return new WindfallError("link_lost", message, { hint: "It may run. See whether it is there: windfall ps", cause })
}

/** What the folder is in git's terms. Finding out whether it is in a repository at all is quick. */
async function gitRecord(cli: Cli, { folder, root }: ScannedTree): Promise<JobSpec["git"]> {
  for (let at = folder; !fs.existsSync(path.join(at, ".git")); at = path.dirname(at)) {
    if (path.dirname(at) === at) return null
  }
  return (await import("./git-record.ts")).readGitRecord(folder, cli.settings, root)
}

function terminalSize(cli: Cli): JobSpec["pty"] {
  if (!cli.stdout.isTerminal) return null
  return { columns: cli.stdout.columns, rows: process.stdout.rows || 24, term: cli.settings.term }
}

function hasCode(error: unknown, code: WindfallError["code"]): boolean {
  return error instanceof WindfallError && error.code === code
}
