import { rdmaMesh } from "../../hive/fleet/rdma-mesh.ts"
import type { HivePlan, MemberPlan } from "../../hive/plan/model-plan.ts"
import { type HiveNetwork, hiveNetworkText } from "../../protocol/hive-network.ts"
import type { ReplicaPlan } from "../../protocol/model-api.ts"
import type { Core } from "../core.ts"
import { engineHosts } from "./engine-hosts.ts"
import type { NeedFactors } from "./held-memory.ts"

/** A plan as it is stored and shown: members by rank, the head first. @param withoutCables hosts, by id, whose cables failed, and why @param needFactors hosts, by id, where more is needed */
export function storedPlan(
  core: Core,
  plan: HivePlan,
  network: HiveNetwork | undefined,
  withoutCables: ReadonlyMap<string, string> = new Map(),
  needFactors: NeedFactors = new Map(),
): ReplicaPlan {
  const { ways, mode, prediction } = plan
  const rate = prediction?.generation
  const hosts = engineHosts(core)
  const ids = plan.members.map(({ host }) => core.fleet.find(host.name).record.id)
  const noCable = ids.map((id) => withoutCables.get(id)).find((reason) => reason !== undefined)
  const instead = noCable === undefined ? "" : `; not over Thunderbolt, where it failed: ${noCable}`
  const rdma = mode === "tensor" ? rdmaMesh(byRank(plan).map(({ host }) => hosts.get(host.name)?.rdma ?? null)) : null
  return {
    mode,
    ...(rdma === null ? {} : { rdma }),
    members: byRank(plan).map(({ host, layers, needBytes }) => {
      const { id } = core.fleet.find(host.name).record
      return {
        host: id,
        hostName: host.name,
        firstLayer: layers.from,
        layers: layers.to - layers.from,
        needBytes: Math.ceil(needBytes * (needFactors.get(id) ?? 1)),
      }
    }),
    network:
      network === undefined
        ? null
        : `${hiveNetworkText(network, kindsText(ways))}${rdma === null ? "" : ", by RDMA"}${instead}`,
    ...(network === undefined ? {} : { over: network }),
    tokensPerSecond: rate === undefined ? null : { low: rate.low, high: rate.high },
  }
}

/** Rank 0 answers. MLX gives it the last layers, and the first ones to the last rank. */
export function byRank({ engine, mode, members }: HivePlan): readonly MemberPlan[] {
  if (engine === "mlx" && mode === "pipeline") return members.toReversed()
  return [...members.filter(({ isHead }) => isHead), ...members.filter(({ isHead }) => !isHead)]
}

const KINDS = {
  ethernet: "Ethernet",
  wifi: "Wi-Fi",
  thunderbolt: "Thunderbolt",
  unknown: "a network of unknown kind",
} as const

function kindsText(ways: HivePlan["ways"]): string {
  return [...new Set(ways.map(({ kind }) => KINDS[kind]))].join(", ")
}

/** Whether two plans have the same on the same hosts. */
export function isSamePlan(a: ReplicaPlan, b: ReplicaPlan): boolean {
  const text = ({ mode, members, over }: ReplicaPlan) =>
    JSON.stringify([mode, over?.kind, members.map(({ host, firstLayer, layers }) => [host, firstLayer, layers])])
  return text(a) === text(b)
}
