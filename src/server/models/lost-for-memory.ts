import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { latestOf } from "../gang/members.ts"
import { endOfMember } from "./end-of-member.ts"
import type { HiveWatch } from "./hive-watch.ts"

/** From the end of a connection until it is known why its hive ended: a host looks at what a job holds every second. */
const KNOWN_WITHIN_MS = 3_000

/**
 * Why a replica was lost, where that was for want of memory. Waits a moment for it to be known.
 * @param watch of its hive, as it was when the request was brought there
 * @returns `null`: for another reason, or for none that is known by then, or once the signal is aborted
 */
export async function lostForMemory(
  core: Core,
  job: JobRecord,
  watch: HiveWatch,
  signal: AbortSignal,
): Promise<string | null> {
  const known = Promise.withResolvers<void>()
  const look = () => {
    if (endOf(job, watch) !== undefined) known.resolve()
  }
  const unlisten = core.ledger.onCommit(look)
  void watch.untilLost.then(look)
  const timer = setTimeout(known.resolve, KNOWN_WITHIN_MS)
  signal.addEventListener("abort", () => known.resolve(), { once: true })
  look()
  try {
    await known.promise
    return endOf(job, watch) ?? null
  } finally {
    clearTimeout(timer)
    unlisten()
  }
}

/** `undefined`: not known; `null`: for another reason. */
function endOf(job: JobRecord, { lost, attempt }: HiveWatch): string | null | undefined {
  const members = latestOf(job).filter(({ number }) => number === attempt)
  const killed = members.find(({ cause }) => cause === "out_of_memory")
  if (killed !== undefined) return endOfMember(killed)
  if (lost !== null) return lost.code === "out_of_memory" ? `out of memory: ${lost.reason}` : null
  return members.some(({ cause }) => cause !== null && cause !== "member_ended") ? null : undefined
}
