import { MAC_SYSCTL_KEYS, readMacFacts } from "../../facts/mac-facts.ts"
import { withoutLegend } from "../../facts/mac-output.ts"
import { sysctlTexts } from "../../facts/sysctl.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostFacts } from "../../protocol/host.ts"
import { memoryFacts } from "./darwin-memory.ts"
import { macCommand } from "./mac-command.ts"

/** All of them take some ten milliseconds; a Mac that is swapping may take longer, and the join has a time of its own. */
const TIMEOUT_MS = 2_500

type OfMachine = Pick<
  HostFacts,
  | "arch"
  | "system"
  | "model"
  | "chip"
  | "cores"
  | "memoryBytes"
  | "gpus"
  | "mac"
  | "gpuMemoryBytes"
  | "memoryAvailableBytes"
>

/**
 * What a Mac is, and what of its memory is available: four quick commands at once. None of them is system_profiler, which takes seconds.
 * @throws {WindfallError} without `sysctl` nothing that jobs need is known
 */
export async function machineFacts(): Promise<OfMachine> {
  const [sysctl, ioreg, version, vmStat] = await Promise.all([
    macCommand("sysctl", "/usr/sbin/sysctl", ["-i", ...MAC_SYSCTL_KEYS], TIMEOUT_MS),
    macCommand("ioreg", "/usr/sbin/ioreg", ["-r", "-d", "1", "-w", "0", "-c", "IOAccelerator"], TIMEOUT_MS),
    macCommand("sw_vers", "/usr/bin/sw_vers", [], TIMEOUT_MS),
    macCommand("vm_stat", "/usr/bin/vm_stat", [], TIMEOUT_MS),
  ])
  if (sysctl.problem !== null) {
    throw new WindfallError("internal", `Cannot read what this Mac is: ${sysctl.problem.detail}`)
  }
  const keys = sysctlTexts(sysctl.text)
  const silicon = keys.get("hw.optional.arm64") === "1"
  const virtual = keys.get("kern.hv_vmm_present") === "1"
  const memoryBytes = Number(keys.get("hw.memsize") ?? 0)
  const gpus = silicon && !virtual ? 1 : 0
  return {
    arch: silicon ? "arm64" : "x64",
    system: `macOS ${keys.get("kern.osproductversion") ?? "of unknown version"}`,
    model: keys.get("hw.model") ?? null,
    chip: keys.get("machdep.cpu.brand_string") ?? "unknown",
    cores: Number(keys.get("hw.ncpu") ?? 1),
    memoryBytes,
    gpus,
    ...memoryFacts({ memoryBytes, gpus }, keys, vmStat.text),
    mac: readMacFacts([sysctl, { ...ioreg, text: withoutLegend(ioreg.text) }, version]),
  }
}
