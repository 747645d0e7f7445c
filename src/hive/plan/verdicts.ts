import { formatBytes } from "../../base/bytes.ts"
import type { Fleet } from "../fleet/fleet.ts"
import { type ModelLoad, needOf } from "../split/model-load.ts"
import type { HostVerdict, ModelPlan } from "./model-plan.ts"

type Found = Pick<ModelPlan, "model" | "request" | "replicas" | "wholeOn">

/** Of each host of a fleet, why it is in the plan or not. */
export function verdictsOf(fleet: Fleet, found: Found, load: ModelLoad): readonly HostVerdict[] {
  const used = new Map<string, number>()
  for (const [at, hive] of found.replicas.entries()) for (const { host } of hive.members) used.set(host.name, at)
  const whole = needOf(load, 0, load.layerCount, true)
  const isSplit = found.replicas.some(({ members }) => members.length > 1)
  return fleet.hosts.map((host): HostVerdict => {
    const verdict = (code: HostVerdict["code"], text: string) => ({ host: host.name, code, text })
    if (host.excluded !== null) return verdict("excluded", host.excluded)
    const replica = used.get(host.name)
    if (replica !== undefined)
      return verdict("used", found.replicas.length > 1 ? `in replica ${replica + 1}` : "in the plan")
    if (found.wholeOn.includes(host.name)) return verdict("alone_possible", "could hold it alone, too")
    const room = `it has ${formatBytes(host.budgetBytes)} for a hive`
    if (found.replicas.length > 0) {
      if (!isSplit) return verdict("too_small", `${room}, the model needs ${formatBytes(whole)}`)
      const isAvoided = !found.replicas.some(({ usesWifi }) => usesWifi)
      const isWifi = isAvoided && host.network.kind === "wifi" && host.cables.length === 0
      return verdict("not_needed", isWifi ? "it is on Wi-Fi, and others do" : "others do, or are faster together")
    }
    const least = Math.min(...load.needUpTo.subarray(1).map((need, at) => need - (load.needUpTo[at] ?? 0)))
    if (host.budgetBytes < load.everyBytes + least)
      return verdict("too_small", `${room}, which is less than one layer needs with its buffers`)
    return verdict("too_small", `${room}; alone it would need ${formatBytes(whole)}`)
  })
}
