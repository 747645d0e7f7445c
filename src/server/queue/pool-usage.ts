import type { UsedMinutes } from "../../scheduler/queue/queue-scene.ts"
import type { Core } from "../core.ts"

/** What has been used, as it is faded at a moment: what shares and limits on used minutes are reckoned from. */
export interface PoolUsage {
  /** In billable units times seconds, by `account/user`. */
  readonly byUser: ReadonlyMap<string, number>
  /** By layer, as the queue's scene has it: `account vision`, `user vision/ann`, `qos long`, `root`. */
  readonly minutes: ReadonlyMap<string, UsedMinutes>
}

const NOTHING: PoolUsage = { byUser: new Map(), minutes: new Map() }

/** Nothing is accounted for yet: everybody has used nothing. */
export function poolUsageOf(_core: Core, _nowMs: number): PoolUsage {
  return NOTHING
}
