import type { JobRecord } from "../../store/job-record.ts"
import { decidingMember } from "../gang/gang-state.ts"
import { latestOf } from "../gang/members.ts"
import { WINDFALL } from "../ledger.ts"
import { endOfMember } from "./end-of-member.ts"

/**
 * Why a hive that says it was asked to end was: who did that, or for what the server did it.
 * @returns `null` where nothing is known of anybody
 */
export function whyEnding({ stop, standing, reason, attempts }: EndingJob, attempt: number): string | null {
  const members = latestOf({ attempts }).filter(({ number }) => number === attempt)
  if (stop !== null && stop.by !== WINDFALL) return `${stop.by} stopped its hive`
  for (const { hostName, suspended } of members)
    if (suspended !== null) return `its hive was asked to end on ${hostName}: ${suspended.text}`
  if (stop !== null || standing?.leaving != null)
    return `its hive was asked to end${reason === null ? "" : `: ${reason}`}`
  const deciding = decidingMember(members)
  return deciding === undefined ? null : endOfMember(deciding)
}

type EndingJob = Pick<JobRecord, "stop" | "standing" | "reason" | "attempts">
