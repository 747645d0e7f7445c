import type { WhyAnswer } from "../protocol/api.ts"
import type { JobId } from "../protocol/ids.ts"
import type { Snapshot } from "./snapshot.ts"

/** Why a job waits, host by host, as `windfall why` shows it; `undefined` when it is not in the snapshot's queue. */
export function explain(_snapshot: Snapshot, _nowMs: number, _job: JobId): WhyAnswer | undefined {
  return undefined
}
