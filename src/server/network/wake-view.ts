import type { HostWakeView } from "../../protocol/network.ts"
import type { HostRecord } from "../../store/host-record.ts"
import type { Viewer } from "../jobs/job-view.ts"

type Wakeable = Pick<HostRecord, "network">

/** Why a host cannot be woken, in words; `null` when it can. Over Wi-Fi only some can, and whether is not told. */
export function wakeProblem({ network: { told, wakeAddress } }: Wakeable): string | null {
  if (told === null) return "it has not said yet how it is on the network"
  if (told.kind !== "ethernet") return "it is not known to be on a cable"
  if (wakeAddress === null) return "the address of its interface is not known"
  if (wakeAddress.isAllowed === false) return "its system does not wake for the network (womp 0)"
  return null
}

export function wakeView(record: Wakeable, viewer: Viewer): HostWakeView {
  const { wake, wakeAddress } = record.network
  const hardware = viewer.role === "admin" ? (wakeAddress?.hardware ?? null) : null
  return { isOn: wake, hardware, problem: wakeProblem(record) }
}
