import { statSync } from "node:fs"
import { isFinal } from "../protocol/job-state.ts"
import type { JobRecord } from "../store/job-record.ts"
import { Slices } from "../workspace/slices.ts"
import { keptBlobs } from "./blobs/kept-blobs.ts"
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
import { keepModelDisk } from "./pulls/model-disk.ts"
import { trimPulls } from "./pulls/tidy-pulls.ts"

/** Lets go of what has been kept long enough: answers, events, outputs, logs, then blobs no job refers to any more. */
export async function tidy(core: Core): Promise<void> {
  const now = core.clock.now()
  await core.ledger.change(() => {
    core.store.answers.trim(now - KEEP_ANSWERS_MS)
    core.store.codes.trim(now - KEEP_CODES_MS)
    core.store.events.trim(now - core.limits.keepEventsMs)
    core.store.usage.trimCharges(now - core.limits.keepEventsMs)
    core.store.modelUsage.trim(now - KEEP_MODEL_USAGE_MS)
    core.store.modelKeys.trimNames()
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
  await keepModelDisk(core)
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
  const kept = await keptBlobs(core, user, slices)
  const young = core.clock.now() - KEEP_LOOSE_BLOBS_MS
  await blobs.evict((hash) => kept.has(hash) || madeAt(blobs.path(hash)) > young, 0)
}

function madeAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
