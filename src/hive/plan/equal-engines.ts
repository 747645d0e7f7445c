import { engineSystem } from "../engines/engine-adapter.ts"
import { adapterOf } from "../engines/engine-adapters.ts"
import { engineSource } from "../engines/engine-source.ts"
import { MLX_BUILT_VERSION } from "../engines/mlx-release.ts"
import { type EngineHosts, lacksEngine, versionOn } from "../fleet/engine-hosts.ts"
import type { Fleet } from "../fleet/fleet.ts"
import { rdmaMesh } from "../fleet/rdma-mesh.ts"
import type { EngineName } from "../speed/host-speed.ts"
import type { HivePlan } from "./model-plan.ts"

/**
 * The fleet without hosts whose engine does not go with that of the others: members of one hive must have the same, and a split over
 * several is refused when it starts. As it is where its best plans have no such members.
 *
 * @param plan the plans on a fleet, the same for the same one
 */
export function withEqualEngines(
  fleet: Fleet,
  engine: EngineName,
  hosts: EngineHosts,
  plan: (fleet: Fleet) => readonly HivePlan[],
): Fleet {
  // MLX is built where its members differ.
  if (engine === "mlx") return plan(fleet).every((hive) => canUseRdma(hive, hosts)) ? fleet : withoutRdma(fleet)
  if (plan(fleet).every((hive) => versionsIn(hive, hosts).size <= 1)) return fleet
  const versions = new Set(
    fleet.hosts.filter(({ excluded }) => excluded === null).flatMap(({ name }) => versionOn(hosts, name, engine) ?? []),
  )
  const tries = [...versions].map((version) => only(fleet, engine, hosts, version))
  return tries.reduce((best, other) => (isBetter(plan(other), plan(best)) ? other : best))
}

/** Parts of layers are planned over RDMA, which takes a cable with a device at both ends between any two. */
function canUseRdma({ mode, members }: HivePlan, hosts: EngineHosts): boolean {
  return mode !== "tensor" || rdmaMesh(members.map(({ host }) => hosts.get(host.name)?.rdma ?? null)) !== null
}

function withoutRdma(fleet: Fleet): Fleet {
  return { ...fleet, hosts: fleet.hosts.map((host) => ({ ...host, hasRdma: false })) }
}

function versionsIn({ engine, members }: HivePlan, hosts: EngineHosts): Set<string> {
  return new Set(members.flatMap(({ host }) => versionOn(hosts, host.name, engine) ?? []))
}

function only(fleet: Fleet, engine: EngineName, hosts: EngineHosts, version: string): Fleet {
  return {
    ...fleet,
    hosts: fleet.hosts.map((host) => {
      const own = versionOn(hosts, host.name, engine)
      if (own === null || own === version) return host
      const reason = `its ${engine} is ${own}, that of others ${version}: members of one hive must have the same`
      return { ...host, excluded: host.excluded ?? reason }
    }),
  }
}

/** More replicas; of each fewer hosts, not over Wi-Fi, and sooner a token. */
function isBetter(ones: readonly HivePlan[], others: readonly HivePlan[]): boolean {
  const rank = (hives: readonly HivePlan[]) => [
    -hives.length,
    hives.filter(({ usesWifi }) => usesWifi).length,
    hives.reduce((sum, { members }) => sum + members.length, 0),
    hives.reduce((sum, { tokenMs }) => sum + tokenMs, 0),
  ]
  const [own, other] = [rank(ones), rank(others)]
  const at = own.findIndex((value, place) => value !== other[place])
  return at >= 0 && (own[at] ?? 0) < (other[at] ?? 0)
}

/** What should be known of the engine of a plan before anything starts, in sentences. */
export function engineAdvice(hive: HivePlan, hosts: EngineHosts): readonly string[] {
  const names = hive.members.map(({ host }) => host.name)
  if (hive.engine !== "mlx") {
    const missing = names.filter((name) => lacksEngine(hosts, name, hive.engine))
    const versions = versionsIn(hive, hosts)
    return [
      ...(missing.length === 0
        ? []
        : [`There is no ${hive.engine} on ${missing.join(", ")}: ${howToGet(hive.engine, missing, hosts)}`]),
      ...(versions.size < 2
        ? []
        : [`Members of one hive must have the same ${hive.engine}: there is ${[...versions].join(", ")}`]),
    ]
  }
  const versions = names.map((name) => versionOn(hosts, name, "mlx"))
  if (engineSource("mlx", versions, isUneven(hive)) === "own") return []
  const lacking = names.filter((name) => lacksEngine(hosts, name, "mlx"))
  const others = names.flatMap((name, at) => (versions[at] == null ? [] : [`${name} ${versions[at]}`]))
  const why = [
    ...(lacking.length === 0 ? [] : [`there is no MLX on ${lacking.join(", ")}`]),
    ...(others.length === 0 ? [] : [`there is ${others.join(", ")}`]),
  ].join("; ")
  const built = `Windfall builds ${MLX_BUILT_VERSION} on ${names.join(", ")} when it is served, without an administrator, from a Python package index that these hosts reach`
  return [why === "" ? `${built}, unless they all have the same` : `${built}: ${why}`]
}

/** For each kind of host among them. */
function howToGet(engine: EngineName, names: readonly string[], hosts: EngineHosts): string {
  const { whereToGet } = adapterOf(engine)
  const ways = names.map((name) => whereToGet(engineSystem(hosts.get(name)?.facts ?? null)))
  return [...new Set(ways)].join("; or ")
}

/** Whether its members have different numbers of layers. */
export function isUneven({ mode, members }: Pick<HivePlan, "mode" | "members">): boolean {
  if (mode !== "pipeline") return false
  return new Set(members.map(({ layers }) => layers.to - layers.from)).size > 1
}
