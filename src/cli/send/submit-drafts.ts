import type { SubmitBatchRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import { fs, nodeCrypto, os, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import type { JobSignals } from "../follow/job-signals.ts"
import type { SendingFolder } from "./sending-folder.ts"
import type { StdinBlob } from "./stdin-blob.ts"
import { withFolder } from "./travel-note.ts"

/** A job before its folder was looked at. Several may share one folder, which is then looked at and sent once. */
export interface JobDraft {
  readonly spec: JobSpec
  readonly folder: SendingFolder | undefined
}

export interface SubmitOptions<Answer> {
  /** Asks the server to accept the jobs, in the order of their drafts. */
  readonly post: (specs: readonly JobSpec[]) => Promise<Answer>
  /** Armed while it is not known whether a job is there. */
  readonly signals?: JobSignals | undefined
}

/** A file that is being written to while it is read makes a scan useless; a folder that is never quiet is an error. */
const SCANS = 4
/** Folders damaged one in the other, as a server's disk has never been seen to do it, take a turn each. */
const TURNS = 20

/** Posts the jobs; what the server lacks is sent when it says that something is missing, or at once where that is sure. */
export async function submitDrafts<Answer>(
  cli: Cli,
  drafts: readonly JobDraft[],
  stdins: readonly StdinBlob[],
  options: SubmitOptions<Answer>,
): Promise<Answer> {
  if (stdins.length > 0) {
    await checkDrafts(cli, drafts)
    const { askMissing, uploadBlobs } = await import("./upload.ts")
    const missing = new Set(await askMissing(cli, [...new Set(stdins.map(({ hash }) => hash))]))
    const lacking = stdins.filter(({ hash }) => missing.delete(hash))
    if (lacking.length > 0)
      await uploadBlobs(
        cli,
        lacking.map(({ blob }) => blob),
      )
  }
  // Asked while the folder is looked at: what would be refused is refused before that is over.
  const accepted = drafts.some(({ folder }) => folder !== undefined) ? checkDrafts(cli, drafts) : undefined
  for (let round = 1; ; round++) {
    const [scans] = await Promise.all([scanAll(drafts), accepted])
    try {
      return await submitScanned(cli, drafts, scans, options)
    } catch (error) {
      const changed = hasCode(error, "wrong_state") || hasCode(error, "blobs_missing")
      if (!changed || scans.size === 0 || round === SCANS) throw error
    }
  }
}

/**
 * Asks the server whether it would accept the jobs, before anything is sent for them.
 * @throws {WindfallError} what it would refuse them with
 */
export async function checkDrafts(cli: Cli, drafts: readonly JobDraft[]): Promise<void> {
  await cli.client.ask("/v1/jobs/check", { specs: drafts.map(({ spec }) => spec) } satisfies SubmitBatchRequest)
}

type Scans = ReadonlyMap<SendingFolder, ScannedTree>

async function scanAll(drafts: readonly JobDraft[]): Promise<Scans> {
  const scans = new Map<SendingFolder, ScannedTree>()
  for (const { folder } of drafts) {
    if (folder === undefined || scans.has(folder)) continue
    const scanned = await folder.scan()
    await folder.saySpecial(scanned)
    await folder.sayUnmatched(scanned)
    scans.set(folder, scanned)
  }
  return scans
}

/** How the server is asked what it lacks before the jobs are posted: which of the folders' blobs are named to it. */
type Asking = "nothing" | "level by level" | "everything"

/**
 * A folder that is as it was at the last send is very likely on the server: the job itself asks. Asking level by level does
 * not find what a server has lost since below a folder that it still has, and below a folder that it has lost, more may turn
 * out lost once that is there again: so it goes on as long as something is sent.
 */
async function submitScanned<Answer>(
  cli: Cli,
  drafts: readonly JobDraft[],
  scans: Scans,
  { post, signals }: SubmitOptions<Answer>,
): Promise<Answer> {
  const trees = [...scans.values()]
  let asking: Asking = trees.every(({ root, previous }) => root === previous?.hash) ? "nothing" : "level by level"
  for (let turn = 1; ; turn++) {
    let sent = 0
    if (asking !== "nothing") {
      for (const [folder, scanned] of scans) sent += await folder.upload(scanned, asking === "everything")
    }
    const specs = await wholeSpecs(cli, drafts, scans)
    signals?.arm()
    try {
      return await post(specs)
    } catch (error) {
      signals?.disarm()
      if (hasCode(error, "link_lost")) throw unknownAcceptance(cli.client.url, specs.length, error)
      if (trees.length === 0 || !hasCode(error, "blobs_missing") || turn === TURNS) throw error
      if (asking === "everything" && sent === 0) throw error
      const { missing } = (error as WindfallError).details ?? {}
      const hasTops = Array.isArray(missing) && !trees.some(({ root }) => missing.includes(root))
      asking = asking === "nothing" && !hasTops ? "level by level" : "everything"
    }
  }
}

async function wholeSpecs(cli: Cli, drafts: readonly JobDraft[], scans: Scans): Promise<readonly JobSpec[]> {
  const records = new Map<ScannedTree, JobSpec["git"]>()
  for (const scanned of scans.values()) records.set(scanned, await gitRecord(cli, scanned))
  return drafts.map(({ spec, folder }) => {
    const scanned = folder === undefined ? undefined : scans.get(folder)
    if (scanned === undefined) return spec
    return {
      ...withFolder(spec, scanned),
      git: records.get(scanned) ?? null,
      project: projectOf(scanned.folder),
    }
  })
}

/** Names this folder of this machine without telling anybody where it is. */
function projectOf(folder: string): string {
  return nodeCrypto().createHash("sha256").update(`${os.hostname()}\0${folder}`).digest("hex").slice(0, 16)
}

function unknownAcceptance(url: string, jobs: number, cause: unknown): WindfallError {
  const [what, hint] =
    jobs === 1
      ? ["the job was", "It may run. See whether it is there: windfall ps"]
      : ["the jobs were", "They may run. See whether they are there: windfall ps"]
  const message = `Cannot tell whether ${what} accepted: the server at ${url} got it and never answered`
  return new WindfallError("link_lost", message, { hint, cause })
}

/** What the folder is in git's terms. Finding out whether it is in a repository at all is quick. */
async function gitRecord(cli: Cli, { folder, root }: ScannedTree): Promise<JobSpec["git"]> {
  for (let at = folder; !fs.existsSync(path.join(at, ".git")); at = path.dirname(at)) {
    if (path.dirname(at) === at) return null
  }
  return (await import("./git-record.ts")).readGitRecord(folder, cli.settings, root)
}

function hasCode(error: unknown, code: WindfallError["code"]): boolean {
  return error instanceof WindfallError && error.code === code
}
