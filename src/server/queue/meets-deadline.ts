import { DEFAULT_PARTITION } from "../../protocol/job.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { queueAskedOf } from "./standing.ts"
import { effectiveLimitOf, partitionsOf } from "./who-of.ts"

/**
 * Whether a job that has not started could be over by its deadline, if it started at once or at its begin time, by the time limit that it has in
 * its first partition. no_limit: nobody knows when it would end. Without a deadline all is well.
 */
export function meetsDeadline(
  policy: Policy,
  job: Pick<JobRecord, "spec" | "standing">,
  nowMs: number,
): "yes" | "no" | "no_limit" {
  const { deadlineAt, beginAt } = queueAskedOf(job)
  if (deadlineAt === null) return "yes"
  const limitMs = effectiveLimitOf(policy, job, partitionsOf(policy, job.spec)[0] ?? DEFAULT_PARTITION)
  if (limitMs === null) return "no_limit"
  return Math.max(nowMs, beginAt ?? 0) + limitMs <= deadlineAt ? "yes" : "no"
}
