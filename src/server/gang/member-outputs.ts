import type { JobId } from "../../protocol/ids.ts"
import type { OutputsView } from "../../protocol/job.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { hashBytes } from "../../workspace/hash.ts"
import { encodeTree } from "../../workspace/tree.ts"
import type { Core } from "../core.ts"
import { NO_OUTPUTS } from "../jobs/close-attempt.ts"
import type { Tried } from "../jobs/job-table.ts"
import { isMember, membersOf, setMember } from "./members.ts"
import { settleGang } from "./settle-gang.ts"

/** Whether each member of the job has files of its own to bring home. */
export function isFromAll({ spec }: Pick<JobRecord, "spec">): boolean {
  return spec.gang?.outputsFrom === "all"
}

/** What is known of the files of an attempt, or of its member where each has its own; `null` as long as it runs. */
export function outputsOf({ job, attempt }: Tried): OutputsView | null {
  return isMember(attempt) && isFromAll(job) ? (attempt.member.outputs ?? null) : job.outputs
}

/** Records what becomes of the files of an attempt, or of its member where each has its own. Within a change. */
export function setOutputs(core: Core, { job, attempt }: Tried, outputs: OutputsView): void {
  if (isMember(attempt) && isFromAll(job)) {
    // Given up is given up: the job's one tree is made when all have come or do not come.
    const { late: _, ...known } = outputs
    setMember(core, attempt, { outputs: known })
    job.outputs ??= { ...NO_OUTPUTS, state: "collecting" }
  } else job.outputs = outputs
  core.ledger.jobChanged(job)
}

/** Whether all that members have made is here or will never be, and the job's one tree is still to be made. */
export function isToBeGathered(job: JobRecord): boolean {
  if (!isFromAll(job) || job.verdict === null || job.outputs?.state !== "collecting") return false
  return membersOf(job).every(({ member }) => member.outputs !== undefined && member.outputs.state !== "collecting")
}

/** Puts the files of each member into a folder `rank-N` of one tree, which is the job's. Never throws. Again: changes nothing. */
export async function gatherOutputs(core: Core, id: JobId): Promise<void> {
  const job = core.table.live(id)
  if (job === undefined || !isToBeGathered(job)) return
  try {
    const all = membersOf(job).map(({ member }) => ({ rank: member.rank, ...(member.outputs ?? NO_OUTPUTS) }))
    const entries = all.flatMap(({ rank, tree }) =>
      tree === null ? [] : [{ kind: "folder", name: `rank-${rank}`, mode: 0o755, hash: tree } as const],
    )
    const bytes = encodeTree(entries)
    const tree = hashBytes(bytes)
    const { blobs } = core.blobs.of(job.user)
    if (entries.length > 0 && !blobs.has(tree)) {
      blobs.write(tree, bytes)
      await blobs.flush()
    }
    const problems = all.flatMap(({ rank, problem }) => (problem === undefined ? [] : `rank ${rank}: ${problem}`))
    const state = entries.length > 0 ? "ready" : all.some((one) => one.state === "lost") ? "lost" : "none"
    const outputs: OutputsView = {
      state,
      tree: entries.length > 0 ? tree : null,
      files: all.reduce((sum, { files, tree }) => sum + (tree === null ? 0 : files), 0),
      bytes: all.reduce((sum, { bytes, tree }) => sum + (tree === null ? 0 : bytes), 0),
      ...(problems.length === 0 ? {} : { problem: problems.join("; ") }),
    }
    await core.ledger.change(() => {
      const now = core.table.live(id)
      if (now === undefined || !isToBeGathered(now)) return
      now.outputs = outputs
      core.ledger.jobChanged(now)
      if (state === "ready") {
        core.ledger.event({ type: "outputs_ready", job: id, files: outputs.files, bytes: outputs.bytes })
      }
      settleGang(core, now)
    })
  } catch (error) {
    if (!core.signal.aborted) core.report(`Cannot put together what the members of job ${id} made`, error)
  }
}
