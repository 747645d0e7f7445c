import { execFile } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import type { RdmaSite } from "../hive/engines/engine-adapter.ts"
import type { RdmaMatrix } from "../protocol/rdma.ts"
import { Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"

const DEVICES_FILE = "rdma-devices.json"
const ASK_MS = 10_000

/**
 * Writes the file of devices into the job's TMPDIR, where MLX reads it, if this host has those that it is to have. Where rank 0 listens for the others
 * is what a ring would have there: that port is the hive's, and nobody has it then.
 * @throws {Loss} `order_refused` where the job does not say where the ranks are, `unreachable` where a device is missing
 */
export async function rdmaSite({ rank, environment }: MemberContext, matrix: RdmaMatrix): Promise<RdmaSite> {
  const coordinator = await readFile(environment.MLX_HOSTFILE ?? "", "utf8")
    .then((text) => (JSON.parse(text) as readonly (readonly unknown[])[])[0]?.[0])
    .catch(() => undefined)
  if (typeof coordinator !== "string")
    throw new Loss("order_refused", rank, "MLX_HOSTFILE, with where all ranks are, is not among the job's variables")
  const own = await ownDevices(environment)
  const [missing] = (matrix[rank] ?? []).filter((device) => device !== null && !own.includes(device))
  if (missing !== undefined) {
    const found = own.length === 0 ? "none" : own.join(", ")
    const reason = `there is no RDMA device ${missing} on this host (ibv_devices lists ${found}), which was to lead to another member`
    throw new Loss("unreachable", rank, reason)
  }
  const devicesFile = resolve(environment.TMPDIR ?? "", DEVICES_FILE)
  await writeFile(devicesFile, `${JSON.stringify(matrix)}\n`)
  return { devicesFile, coordinator }
}

/** What `ibv_devices` lists (macOS 26.2 and later): nothing where RDMA is not switched on. */
function ownDevices(environment: MemberContext["environment"]): Promise<readonly string[]> {
  return new Promise((done) => {
    execFile("ibv_devices", [], { env: { ...environment }, timeout: ASK_MS, killSignal: "SIGKILL" }, (_, stdout) => {
      done([...stdout.matchAll(/^\s*(rdma_en\d{1,2})\s/gm)].map(([, name]) => name ?? ""))
    })
  })
}
