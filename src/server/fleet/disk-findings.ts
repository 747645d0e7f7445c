import { formatBytes } from "../../base/bytes.ts"
import type { DoctorFinding } from "../../protocol/api.ts"
import { heldBytes, heldText } from "../../protocol/host-disk.ts"
import type { FleetHost } from "./fleet-host.ts"

/** What there is to say of what Windfall holds on a host's disk. */
export function diskFindings({ record: { name: subject }, disk }: FleetHost): DoctorFinding[] {
  if (disk === null) return []
  const { budgetBytes, held } = disk
  const text = `Windfall holds ${heldText(disk)}`
  if (held.homes > budgetBytes / 2) {
    const fix = "Ask its users to remove what they do not need from their HOME there: windfall shell --host"
    const inTheWay = `${text}; ${formatBytes(held.homes)} of it are people's HOMEs, which it never removes`
    return [{ subject, code: "homes_large", level: "warning", text: inTheWay, fix: `${fix} ${subject}` }]
  }
  if (heldBytes(held) > budgetBytes) {
    const over = `${text}: what is over goes as soon as no job uses it`
    return [{ subject, code: "disk_over", level: "warning", text: over, fix: "Make room on the host, or wait" }]
  }
  return [{ subject, code: "held", level: "ok", text, fix: null }]
}
