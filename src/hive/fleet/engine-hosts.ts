import type { HostEngine } from "../../protocol/host-engines.ts"
import type { RdmaPort } from "../../protocol/rdma.ts"
import { engineSystem } from "../engines/engine-adapter.ts"
import { adapterOf } from "../engines/engine-adapters.ts"
import { cannotBuild, mlxReleases } from "../engines/engine-source.ts"
import { MLX_LM_RELEASE } from "../engines/mlx-release.ts"
import type { EngineName } from "../speed/host-speed.ts"
import type { Fleet, FleetHost } from "./fleet.ts"
import { deviceBetween } from "./rdma-mesh.ts"

/** What is known of a host of the pool, beside what it is as one of a fleet. */
export interface EngineHost {
  /** `null`: nothing is known of it yet. */
  readonly facts: { readonly system: string; readonly arch: string } | null
  /** `null`: it has not said so. */
  readonly engines: readonly HostEngine[] | null
  readonly rdma: readonly RdmaPort[] | null
}

export type EngineHosts = ReadonlyMap<string, EngineHost>

/** The version that a host has of an engine; `null`: none, or not known. */
export function versionOn(hosts: EngineHosts, name: string, engine: EngineName): string | null {
  return hosts.get(name)?.engines?.find((one) => one.engine === engine)?.version ?? null
}

/** Whether it is known that a host lacks an engine. */
export function lacksEngine(hosts: EngineHosts, name: string, engine: EngineName): boolean {
  const engines = hosts.get(name)?.engines ?? null
  return engines?.every((one) => one.engine !== engine) ?? false
}

/** The fleet as an engine finds it: hosts that are known to lack it, and on which Windfall does not build it, are left out. */
export function withEngines(fleet: Fleet, engine: EngineName, hosts: EngineHosts): Fleet {
  return { ...fleet, hosts: fleet.hosts.map((host) => withEngine(host, engine, hosts)) }
}

function withEngine(host: FleetHost, engine: EngineName, hosts: EngineHosts): FleetHost {
  const { name, excluded } = host
  const isLacking = lacksEngine(hosts, name, engine)
  if (engine !== "mlx") {
    if (!isLacking) return host
    return {
      ...host,
      excluded:
        excluded ??
        `it has no ${engine}: ${adapterOf(engine).whereToGet(engineSystem(hosts.get(name)?.facts ?? null))}`,
    }
  }
  const rdma = hosts.get(name)?.rdma ?? []
  // These are told from port to port, and not only by the models at both ends.
  const cabled = [...hosts].flatMap(([other, { rdma: ports }]) =>
    other !== name && deviceBetween(rdma, ports ?? []) !== undefined ? [other] : [],
  )
  const links = { hasRdma: cabled.length > 0, cables: [...new Set([...host.cables, ...cabled])] }
  const reason = cannotBuild(hosts.get(name)?.facts ?? null)
  if (reason === null) return { ...host, ...links, mlxLm: MLX_LM_RELEASE }
  const mlxLm = mlxReleases(versionOn(hosts, name, engine))?.lm ?? null
  return { ...host, ...links, mlxLm, excluded: excluded ?? (isLacking ? `it has no ${engine}: ${reason}` : null) }
}
