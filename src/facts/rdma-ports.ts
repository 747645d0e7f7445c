import type { RdmaPort } from "../protocol/rdma.ts"
import { isJsonObject, type Json, jsonObjects } from "./json-text.ts"

/** What tells of RDMA on a Mac. */
export interface RdmaSources {
  /** `ibv_devices` (macOS 26.2 and later): devices are there only where RDMA is switched on. */
  readonly ibvDevices: string
  /** `system_profiler SPThunderboltDataType -json`, read. */
  readonly thunderbolt: Json
  /** `networksetup -listallhardwareports`. */
  readonly hardwarePorts: string
  /** Interfaces that have an address of their own. */
  readonly addressed: ReadonlySet<string>
}

/**
 * Ports over which RDMA could go: each bus of Thunderbolt names its port by a number, the port's interface has that number in its name, and
 * its device is named after the interface, as mlx.distributed_config has it. What is not told by all of them is left out.
 */
export function rdmaPorts({ ibvDevices, thunderbolt, hardwarePorts, addressed }: RdmaSources): readonly RdmaPort[] {
  const devices = new Set([...ibvDevices.matchAll(/^\s*(rdma_en\d{1,2})\s+[0-9a-f]{16}\s*$/gm)].map(([, name]) => name))
  const interfaces = new Map(
    [...hardwarePorts.matchAll(/^Hardware Port: Thunderbolt (\d{1,2})\nDevice: (en\d{1,2})$/gm)].map(
      ([, number, name]) => [number ?? "", name ?? ""],
    ),
  )
  const buses = isJsonObject(thunderbolt) ? jsonObjects(thunderbolt.SPThunderboltDataType) : []
  return buses.flatMap((bus): RdmaPort[] => {
    const { domain_uuid_key: domain, receptacle_1_tag: tag } = bus
    const number = isJsonObject(tag) ? tag.receptacle_id_key : undefined
    const name = interfaces.get(String(number))
    if (typeof domain !== "string" || name === undefined) return []
    const device = `rdma_${name}`
    if (!devices.has(device) || !addressed.has(name)) return []
    const peers = jsonObjects(bus._items).flatMap(({ domain_uuid_key: peer }) =>
      typeof peer === "string" ? [peer] : [],
    )
    return [{ device, domain, peer: peers[0] ?? null }]
  })
}
