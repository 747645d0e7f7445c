import { standingOf, takesJobs } from "../../protocol/host-standing.ts"
import type { HostId } from "../../protocol/ids.ts"
import type { ReplicaPlan } from "../../protocol/model-api.ts"
import type { Core } from "../core.ts"
import { hostView } from "../fleet/host-view.ts"

/** The first host of a plan that would not take its member now, and why, in words; `null` where all would. */
export function whatIsAwaited(core: Core, plan: ReplicaPlan | null, user: string): string | null {
  for (const { host: id, needBytes } of plan?.members ?? []) {
    const host = core.fleet.get(id as HostId)
    if (host === undefined) continue
    const view = hostView(core, host, { user, role: "user" })
    const standing = standingOf(view)
    const hasRoom = (view.freeNowBytes ?? view.free.memoryBytes) >= needBytes
    if (takesJobs(standing) && hasRoom) continue
    const { code } = standing
    const isBusy = code === "busy" || takesJobs(standing)
    const why =
      code === "connecting" ? "it is out of contact" : isBusy ? "jobs have it" : standing.text || `it is ${code}`
    return `${view.name} (${why})`
  }
  return null
}
