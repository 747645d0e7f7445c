import { mlxAdapter } from "../../hive/engines/mlx-adapter.ts"
import { mayGoBetter } from "../../hive/order/hive-news.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { ReplicaPlan } from "../../protocol/model-api.ts"
import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { latestOf, mainOf } from "../gang/members.ts"
import type { HiveWatch } from "./hive-watch.ts"
import type { HiveLook, HiveLoss } from "./replica-step.ts"

/** What goes wrong with a host and not with the model. */
const OF_HOSTS: ReadonlySet<string> = new Set(["engine_missing", "out_of_memory", "versions_differ", "firewall_asks"])

/** How a hive stands, by its job and what its main member says. @param startMs what a start may take */
export function lookAtHive(
  core: Core,
  job: JobRecord,
  watch: HiveWatch | null,
  plan: ReplicaPlan | null,
  startMs: number,
): HiveLook {
  const attempts = latestOf(job)
  const main = mainOf(job)
  const startedAt = main?.startedAt ?? null
  const own = watch !== null && watch.attempt === main?.number ? watch : null
  return {
    state: job.state,
    reason: job.reason,
    wasTried: attempts.length > 0,
    stoppedBy:
      job.stop?.by ?? (job.state === "cancelled" ? (/^stopped by (\S+)/.exec(job.reason ?? "")?.[1] ?? null) : null),
    away: awayText(core, job),
    isGone: isFinal(job.state) && job.attempts.every(({ swept, fenced, onHost }) => swept || fenced || !onHost),
    step: own?.step ?? null,
    building: own?.building ?? null,
    isReady: own?.ready != null && !own.isEnding,
    lost: (own === null ? null : lossOf(own, plan)) ?? buildLossOf(attempts),
    isOverdue: startedAt !== null && core.clock.now() > startedAt + startMs,
  }
}

function lossOf({ lost }: HiveWatch, plan: ReplicaPlan | null): HiveLoss | null {
  if (lost === null) return null
  const { code, reason, hint, member } = lost
  const host = OF_HOSTS.has(code) ? (plan?.members[member ?? 0] ?? null) : null
  const where = plan === null || member === null ? "" : ` (${plan.members[member]?.hostName ?? `member ${member}`})`
  const text = `${reason}${where}${hint === undefined ? "" : `. ${hint}`}`
  const isShut = code === "firewall_asks"
  return { reason: text, mayGoBetter: mayGoBetter(code), host: host?.host ?? null, ...(isShut ? { isShut } : {}) }
}

/** A host on which its engine could not be built is like one that has none. */
function buildLossOf(attempts: readonly AttemptRecord[]): HiveLoss | null {
  const failed = attempts.find(({ cause }) => cause === "environment_failed")
  if (failed === undefined) return null
  const { hostId, hostName, message } = failed
  // What a job's sender could do about it is not for who serves a model.
  const [why = ""] = (message ?? "nothing is known of why").replace(/^Cannot [^:]+: /, "").split(/\. (?=[A-Z])/)
  const reason = `MLX cannot be built on ${hostName}: ${why}. That host must reach a Python package index (UV_DEFAULT_INDEX where the server is started names another one), or have MLX already: ${mlxAdapter.whereToGet}`
  return { reason, mayGoBetter: true, host: hostId }
}

function awayText(core: Core, job: JobRecord): string | null {
  for (const { hostId, hostName, suspended, outOfContactSince } of latestOf(job)) {
    if (suspended !== null) return `it is stopped on ${hostName}: ${suspended.text}`
    if (outOfContactSince !== null || core.fleet.get(hostId)?.channel == null) return `${hostName} is out of contact`
  }
  return null
}

/** A hive of whose job nothing is known. */
export const UNKNOWN_HIVE: HiveLook = {
  state: "failed",
  reason: "nothing is known of its job any more",
  wasTried: true,
  stoppedBy: null,
  away: null,
  isGone: true,
  step: null,
  building: null,
  isReady: false,
  lost: null,
  isOverdue: false,
}
