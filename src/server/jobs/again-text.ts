import { hasOwner } from "../../presence/lever.ts"
import { isForOwner } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { Tried } from "./job-table.ts"

/** What an agent puts before why an attempt had to leave. */
const STEPPED_ASIDE = /^It stepped aside: /

/**
 * Why a job waits again, once an attempt has ended: what was, in words that stay true while it waits. For what it waits now is worked
 * out when it is asked for.
 * @param neverRan its host did not begin it
 */
export function againText(core: Core, { job, attempt }: Tried, neverRan: boolean): string {
  const { number, hostId, hostName, cause, message } = attempt
  const preempted = preemptedText(job)
  if (preempted !== null) return `attempt ${number} on ${hostName} was ${preempted}`
  if (!isForOwner(cause)) return `attempt ${number} on ${hostName} ended (${cause}): it is tried again`
  const host = core.fleet.get(hostId)
  const whose = host !== undefined && !hasOwner(host.record) ? "because of people there" : "because of its owner"
  const why = message === null ? "" : ` (${message.replace(STEPPED_ASIDE, "")})`
  return `attempt ${number} ${neverRan ? "did not begin on" : "left"} ${hostName} ${whose}${why}`
}

/** How its last attempt had to make room for another job, where it waits again since; `null` where it did not. */
export function preemptedText({ attempts, standing }: JobRecord): string | null {
  const number = attempts.at(-1)?.number
  const leaving = standing?.leaving
  if (leaving === undefined || leaving.attempt !== number) return null
  // Of several members some may have ended for the others' end, or for their own host's sake.
  const isPreempted = attempts.some((one) => one.number === number && one.cause === "preempted")
  return isPreempted ? (leaving.text ?? null) : null
}
