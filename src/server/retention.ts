import { statSync } from "node:fs"
import type { BlobHash } from "../protocol/ids.ts"
import { isFinal } from "../protocol/job-state.ts"
import type { JobRecord } from "../store/job-record.ts"
import type { ReadBlob } from "../workspace/diff.ts"
import { Slices } from "../workspace/slices.ts"
import { decodeChunkList, decodeTree, EMPTY_TREE } from "../workspace/tree.ts"
import type { Core } from "./core.ts"
import { mainOf } from "./gang/members.ts"
import { stopWaitingForLate, trySettle } from "./jobs/settle.ts"
import {
  KEEP_ANSWERS_MS,
  KEEP_CODES_MS,
  KEEP_LOOSE_BLOBS_MS,
  KEEP_MODEL_USAGE_MS,
  KEEP_STEP_ASIDES_MS,
} from "./limits.ts"
import { logsIn, removeIfEmpty, shardsIn } from "./logs/log-folders.ts"
import { blobsOnTheWay, trimPulls } from "./pulls/tidy-pulls.ts"

/** Lets go of what has been kept long enough: answers, events, outputs, logs, then blobs no job refers to any more. */
export async function tidy(core: Core): Promise<void> {
  const now = core.clock.now()
  await core.ledger.change(() => {
    core.store.answers.trim(now - KEEP_ANSWERS_MS)
    core.store.codes.trim(now - KEEP_CODES_MS)
    core.store.events.trim(now - core.limits.keepEventsMs)
    core.store.usage.trimCharges(now - core.limits.keepEventsMs)
    core.store.modelUsage.trim(now - KEEP_MODEL_USAGE_MS)
    core.store.stepAsides.trim(now - KEEP_STEP_ASIDES_MS)
    for (const stored of core.store.jobs.withOutputsBefore(now - core.limits.keepFilesMs)) {
      const job = core.table.live(stored.id) ?? stored
      if (job.outputs === null) continue
      job.outputs = { ...job.outputs, state: "expired", tree: null }
      core.ledger.jobChanged(job)
    }
    for (const job of core.table.all()) forgetLate(core, job)
  })
  await removeOldLogs(core)
  await core.ledger.change(() => trimPulls(core))
  for (const user of core.blobs.users()) {
    core.signal.throwIfAborted()
    await core.blobs.sweep(user, () => sweepUser(core, user))
  }
}

/** Goes by what lies on the disk, so that nothing that a crash left there stays for ever. */
async function removeOldLogs(core: Core): Promise<void> {
  const slices = new Slices(10, core.signal)
  const before = core.clock.now() - core.limits.keepLogsMs
  for (const shard of shardsIn(core.logs.folder)) {
    const old = new Set(core.store.jobs.endedBefore(before, shard.first, shard.end))
    if (slices.spent) await slices.breathe()
    if (old.size === 0) continue
    for (const { job, number, rank } of logsIn(shard)) {
      // Of a job in memory a host still holds something: its log may not be done with.
      if (old.has(job) && core.table.live(job) === undefined) core.logs.remove(job, number, rank)
      if (slices.spent) await slices.breathe()
    }
    removeIfEmpty(shard)
  }
}

/** What a host did not give while it could be of use is no longer asked for, and it may let go of it. Within a change. */
function forgetLate(core: Core, job: JobRecord): void {
  const attempt = mainOf(job)
  if (attempt === undefined || job.outputs?.late !== true || !isFinal(job.state)) return
  if ((job.endedAt ?? 0) >= core.clock.now() - core.limits.keepFilesMs) return
  stopWaitingForLate(core, job)
  trySettle(core, { job, attempt })
}

/** Removes the user's blobs that no job needs. Young ones stay: their job may be about to be sent. */
async function sweepUser(core: Core, user: string): Promise<void> {
  const { blobs } = core.blobs.of(user)
  const slices = new Slices(10, core.signal)
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
  const young = core.clock.now() - KEEP_LOOSE_BLOBS_MS
  await blobs.evict((hash) => kept.has(hash) || madeAt(blobs.path(hash)) > young, 0)
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

function madeAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
