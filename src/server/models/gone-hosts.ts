import type { HostId } from "../../protocol/ids.ts"
import type { ReplicaPlan } from "../../protocol/model-api.ts"
import type { Core } from "../core.ts"

/** Which host of a plan was removed, or is leaving and takes no job any more, in words; `null` where all are there. */
export function whoIsGone({ fleet }: Core, plan: ReplicaPlan | null): string | null {
  for (const { host, hostName } of plan?.members ?? []) {
    const record = fleet.get(host as HostId)?.record
    if (record === undefined) return `${hostName} was removed`
    if (record.leaving !== null) return `${record.name} is leaving the pool`
  }
  return null
}
