import type { BlobHash } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { ReadBlob } from "../../workspace/diff.ts"
import type { Slices } from "../../workspace/slices.ts"
import { decodeChunkList, decodeTree, EMPTY_TREE } from "../../workspace/tree.ts"
import type { Core } from "../core.ts"
import { blobsOnTheWay } from "../pulls/tidy-pulls.ts"

/** All blobs of a user that a job, data or a pull needs. */
export async function keptBlobs(core: Core, user: string, slices: Slices): Promise<Set<BlobHash>> {
  const { blobs } = core.blobs.of(user)
  const kept = new Set<BlobHash>([EMPTY_TREE])
  const walked = new Set<BlobHash>()
  const read = (hash: BlobHash) => blobs.readSync(hash)
  const cutoff = core.clock.now() - core.limits.keepFilesMs
  for (const job of jobsOf(core, user)) {
    for (const root of rootsOf(job, cutoff)) {
      await keepTree(root, read, kept, walked, slices)
    }
    if (job.spec.stdin !== null) kept.add(job.spec.stdin)
    if (slices.spent) await slices.breathe()
  }
  for (const { versions } of core.store.data.list().filter((data) => data.user === user)) {
    for (const { root } of versions) await keepTree(root, read, kept, walked, slices)
  }
  for (const hash of blobsOnTheWay(core, user)) kept.add(hash)
  return kept
}

/** All blobs of some trees of a user. */
export async function blobsOfTrees(
  core: Core,
  user: string,
  roots: readonly BlobHash[],
  slices: Slices,
): Promise<Set<BlobHash>> {
  const { blobs } = core.blobs.of(user)
  const [all, walked] = [new Set<BlobHash>(), new Set<BlobHash>()]
  for (const root of roots) await keepTree(root, (hash) => blobs.readSync(hash), all, walked, slices)
  return all
}

/**
 * Adds all that belongs to a tree to `kept`. Each folder is walked once, however many trees and places have it: versions of
 * a workspace share most of theirs, and a small hostile tree can stand for billions of files. Folders are remembered apart,
 * as a file can have the very bytes of one.
 */
async function keepTree(
  root: BlobHash,
  read: ReadBlob,
  kept: Set<BlobHash>,
  walked: Set<BlobHash>,
  slices: Slices,
): Promise<void> {
  const waiting = [root]
  for (let tree = waiting.pop(); tree !== undefined; tree = waiting.pop()) {
    if (walked.has(tree)) continue
    walked.add(tree)
    kept.add(tree)
    if (slices.spent) await slices.breathe()
    try {
      for (const entry of decodeTree(read(tree))) {
        if (entry.kind === "link") continue
        kept.add(entry.hash)
        if (entry.kind === "folder") waiting.push(entry.hash)
        else if (entry.chunked) for (const chunk of decodeChunkList(read(entry.hash), entry.bytes)) kept.add(chunk)
      }
    } catch {
      // Not whole (an upload that never became a job, or a damaged blob): what is there of it counts as loose.
    }
  }
}

function* jobsOf(core: Core, user: string): Generator<JobRecord> {
  const limit = 500
  for (let before: number | undefined; ; ) {
    const jobs = core.store.jobs.list({ user, before, limit })
    yield* jobs
    if (jobs.length < limit) return
    before = jobs.at(-1)?.id
  }
}

function rootsOf(job: JobRecord, cutoff: number): BlobHash[] {
  const roots: BlobHash[] = []
  const old = isFinal(job.state) && (job.endedAt ?? 0) < cutoff
  if (job.spec.workspace !== null && !old) roots.push(job.spec.workspace)
  if (job.checkpoint?.kept && !isFinal(job.state)) roots.push(job.checkpoint.kept.tree)
  if (job.outputs?.tree) roots.push(job.outputs.tree)
  return roots
}
