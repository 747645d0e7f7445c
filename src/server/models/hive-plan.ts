import { rdmaMesh } from "../../hive/fleet/rdma-mesh.ts"
import type { HivePlan, MemberPlan } from "../../hive/plan/model-plan.ts"
import type { ReplicaPlan } from "../../protocol/model-api.ts"
import type { Core } from "../core.ts"
import { engineHosts } from "./engine-hosts.ts"

/** A plan as it is stored and shown: members by rank, the head first. */
export function storedPlan(core: Core, plan: HivePlan): ReplicaPlan {
  const { members, ways, mode, prediction } = plan
  const rate = prediction?.generation
  const hosts = engineHosts(core)
  const rdma = mode === "tensor" ? rdmaMesh(byRank(plan).map(({ host }) => hosts.get(host.name)?.rdma ?? null)) : null
  return {
    mode,
    ...(rdma === null ? {} : { rdma }),
    members: byRank(plan).map(({ host, layers, needBytes }) => ({
      host: core.fleet.find(host.name).record.id,
      hostName: host.name,
      firstLayer: layers.from,
      layers: layers.to - layers.from,
      needBytes: Math.ceil(needBytes),
    })),
    network: members.length === 1 ? null : `${networkText(ways)}${rdma === null ? "" : ", by RDMA"}`,
    tokensPerSecond: rate === undefined ? null : { low: rate.low, high: rate.high },
  }
}

/** Rank 0 answers. MLX gives it the last layers, and the first ones to the last rank. */
export function byRank({ engine, mode, members }: HivePlan): readonly MemberPlan[] {
  if (engine === "mlx" && mode === "pipeline") return members.toReversed()
  return [...members.filter(({ isHead }) => isHead), ...members.filter(({ isHead }) => !isHead)]
}

function networkText(ways: HivePlan["ways"]): string {
  return [...new Set(ways.map(({ kind }) => (kind === "unknown" ? "a network of unknown kind" : kind)))].join(", ")
}

/** Whether two plans have the same on the same hosts. */
export function isSamePlan(a: ReplicaPlan, b: ReplicaPlan): boolean {
  const text = ({ mode, members }: ReplicaPlan) =>
    JSON.stringify([mode, members.map(({ host, firstLayer, layers }) => [host, firstLayer, layers])])
  return text(a) === text(b)
}
