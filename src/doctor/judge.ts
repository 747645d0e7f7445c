import type { DoctorFinding } from "../protocol/api.ts"
import type { Examination } from "../protocol/doctor-wire.ts"
import {
  automaticUpdates,
  firewall,
  fullDiskAccess,
  remoteLogin,
  remoteLoginAccess,
  stealthMode,
} from "./access-items.ts"
import { HostLook } from "./host-look.ts"
import type { Around, Item } from "./item.ts"
import { clock, diskSpace, gpuWiredLimit, machine, rosetta } from "./machine-items.ts"
import { metal } from "./metal-item.ts"
import { detachedLan, linkSpeed } from "./network-items.ts"
import { fileVault, gpuWatchdog, lowPowerMode, restartAfterPowerFailure, sleep, wakeForNetwork } from "./power-items.ts"

/** The checklist, in the order it is shown. docs/doctor.md has each by its code. */
export const ITEMS: readonly Item[] = [
  machine,
  rosetta,
  metal,
  gpuWatchdog,
  gpuWiredLimit,
  lowPowerMode,
  remoteLogin,
  remoteLoginAccess,
  fullDiskAccess,
  firewall,
  stealthMode,
  detachedLan,
  linkSpeed,
  sleep,
  wakeForNetwork,
  restartAfterPowerFailure,
  fileVault,
  automaticUpdates,
  diskSpace,
  clock,
]

/** Judges what a host printed: a finding for each item that applies. Pure; never throws. */
export function judge(subject: string, examination: Examination, around: Around): DoctorFinding[] {
  const look = new HostLook(examination)
  const { platform } = examination.head
  return ITEMS.filter(({ platforms }) => platforms.includes(platform)).flatMap(({ code, judge }) => {
    const judged = judge(look, around)
    return judged === null ? [] : [{ subject, code, ...judged }]
  })
}

const ORDER: readonly DoctorFinding["level"][] = ["problem", "warning", "unknown", "note", "ok"]

/** The worst first, else as they were. */
export function worstFirst(findings: readonly DoctorFinding[]): DoctorFinding[] {
  return findings.toSorted((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level))
}
