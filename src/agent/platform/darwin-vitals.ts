import { withoutLegend } from "../../facts/mac-output.ts"
import { HEAT_NOTIFICATION, readMacVitals, VITALS_SYSCTL_KEYS } from "../../facts/mac-vitals.ts"
import type { Vitals } from "../../protocol/vitals.ts"
import { macCommand } from "./mac-command.ts"

const TIMEOUT_MS = 5_000

/** How the Mac is: five commands of some milliseconds, one after the other so that none of them disturbs what runs. */
export async function darwinVitals(): Promise<Vitals> {
  const ioreg = await macCommand(
    "ioreg",
    "/usr/sbin/ioreg",
    ["-r", "-d", "1", "-w", "0", "-c", "IOAccelerator"],
    TIMEOUT_MS,
  )
  return readMacVitals([
    { ...ioreg, text: withoutLegend(ioreg.text) },
    await macCommand("pmset-g-batt", "/usr/bin/pmset", ["-g", "batt"], TIMEOUT_MS),
    await macCommand("notifyutil", "/usr/bin/notifyutil", ["-g", HEAT_NOTIFICATION], TIMEOUT_MS),
    await macCommand("sysctl", "/usr/sbin/sysctl", ["-i", ...VITALS_SYSCTL_KEYS], TIMEOUT_MS),
    await macCommand("vm_stat", "/usr/bin/vm_stat", [], TIMEOUT_MS),
  ])
}
