import { networkInterfaces } from "node:os"
import { readJson } from "../facts/json-text.ts"
import { rdmaPorts } from "../facts/rdma-ports.ts"
import type { RdmaPort } from "../protocol/rdma.ts"
import { macCommand } from "./platform/mac-command.ts"

const ASK_MS = 8_000

/** Ports of this Mac over which RDMA could go; none before macOS 26.2, and where it is not switched on. Never throws. */
export async function lookForRdma(): Promise<readonly RdmaPort[]> {
  const ibvDevices = await macCommand("ibv_devices", "/usr/bin/ibv_devices", [], ASK_MS)
  // Without a device there is nothing to ask the slower ones for.
  if (ibvDevices.problem !== null || !ibvDevices.text.includes("rdma_")) return []
  const [thunderbolt, hardwarePorts] = await Promise.all([
    macCommand("system_profiler", "/usr/sbin/system_profiler", ["SPThunderboltDataType", "-json"], ASK_MS),
    macCommand("networksetup", "/usr/sbin/networksetup", ["-listallhardwareports"], ASK_MS),
  ])
  const read = readJson(thunderbolt.text)
  return rdmaPorts({
    ibvDevices: ibvDevices.text,
    thunderbolt: read.known ? read.value : null,
    hardwarePorts: hardwarePorts.text,
    addressed: addressedInterfaces(),
  })
}

/** Those of the Thunderbolt bridge have none. */
function addressedInterfaces(): Set<string> {
  const all = Object.entries(networkInterfaces())
  return new Set(all.flatMap(([name, found]) => (found?.some(({ family }) => family === "IPv4") ? [name] : [])))
}
