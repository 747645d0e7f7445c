import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { JobSpec, JobView } from "../../protocol/job.ts"
import type { JobValues } from "../../protocol/job-fields.ts"
import { type SenderFacts, toJobSpec } from "../../protocol/job-values.ts"
import type { Cli } from "../cli.ts"
import { conclude } from "../follow/conclude.ts"
import { followJob } from "../follow/follow-job.ts"
import { JobSignals } from "../follow/job-signals.ts"
import { JobSink } from "../follow/job-sink.ts"
import { rememberJob } from "../remembered.ts"
import { jobTitle, standingText } from "../render/job-text.ts"
import { say } from "../say.ts"
import { dryRun } from "./dry-run.ts"
import { readGitRecord } from "./git-record.ts"
import { lanNote } from "./lan-note.ts"
import { SendingFolder } from "./sending-folder.ts"
import { type StdinBlob, takeStdin } from "./stdin-blob.ts"
import { askMissing, uploadBlobs } from "./upload.ts"

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
  const folder =
    request.folder === null
      ? undefined
      : new SendingFolder(cli, {
          folder: request.folder,
          include: values.include ?? [],
          warnBytes: request.warnBytes,
          yes: request.yes,
          quiet: request.quiet,
        })
  await folder?.sayIgnored(command, request.workingFolder)
  if (request.dryRun) return dryRun(cli, draft, folder, request.json)
  const note = values["needs-lan"] === true ? undefined : lanNote(draft)
  if (note !== undefined && !request.quiet) await say(cli, note)
  // Who is not logged in is told so before a large folder is read.
  void cli.client

  using stdin = values.stdin === undefined ? undefined : await takeStdin(cli, values.stdin)
  const sink = new JobSink(cli, { json: request.json, quiet: request.quiet })
  using signals = request.detach ? undefined : new JobSignals()
  const job = await submit(cli, { ...draft, stdin: stdin?.hash ?? null }, folder, stdin, signals)
  await sink.event({ type: "accepted", job: job.id, name: job.spec.name })
  if (signals === undefined) {
    rememberJob(cli.settings, cli.client.url, remembered(job, request))
    folder?.saveCache()
    return sayDetached(cli, job, request)
  }
  await sink.showStanding(job)
  const following = (request.session ?? followJob)(cli, job, { sink, signals, attempt: 1 })
  folder?.saveCache()
  return conclude(cli, await following, {
    sink,
    home: {
      into: request.folder ?? cli.cwd,
      yes: request.yes,
      remember: () => rememberJob(cli.settings, cli.client.url, remembered(job, request)),
    },
  })
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
    const missing = await askMissing(cli, [stdin.hash])
    if (missing.length > 0) await uploadBlobs(cli, [stdin.blob])
  }
  for (let round = 1; ; round++) {
    const scanned = await folder?.scan()
    try {
      // A folder that is as it was at the last send is very likely on the server: the job itself asks.
      let known = scanned === undefined || scanned.root === scanned.previous?.hash
      for (;;) {
        if (!known && scanned !== undefined) await folder?.upload(scanned)
        const git = scanned === undefined ? null : await readGitRecord(scanned.folder, cli.settings, scanned.root)
        const workspace: BlobHash | null = scanned?.root ?? null
        signals?.arm()
        try {
          return await cli.client.post<JobView>("/v1/jobs", { spec: { ...draft, workspace, git } })
        } catch (error) {
          signals?.disarm()
          if (!known || scanned === undefined || !hasCode(error, "blobs_missing")) throw error
          known = false
        }
      }
    } catch (error) {
      const changed = hasCode(error, "wrong_state") || hasCode(error, "blobs_missing")
      if (!changed || scanned === undefined || round === SCANS) throw error
    }
  }
}

function remembered(job: JobView, request: SendRequest): Parameters<typeof rememberJob>[2] {
  return { job: job.id, name: job.spec.name, folder: request.folder ?? process.cwd(), told: false }
}

async function sayDetached(cli: Cli, job: JobView, request: SendRequest): Promise<number> {
  if (request.json) return 0
  await cli.stdout.write(`${job.id}\n`)
  if (!request.quiet) {
    await say(
      cli,
      `${jobTitle(job)} is ${standingText(job, cli.clock.now())}. Watch it: windfall attach ${job.id}   its files: windfall get ${job.id}`,
    )
  }
  return 0
}

function terminalSize(cli: Cli): JobSpec["pty"] {
  if (!cli.stdout.isTerminal) return null
  return { columns: cli.stdout.columns, rows: process.stdout.rows || 24, term: cli.settings.term }
}

function hasCode(error: unknown, code: WindfallError["code"]): boolean {
  return error instanceof WindfallError && error.code === code
}
