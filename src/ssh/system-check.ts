import { formatBytes } from "../base/bytes.ts"
import { CHIPS } from "../facts/chip-table.ts"
import { isAtLeast, OLDEST_MACOS } from "../facts/macos-version.ts"
import { nameOfModel, shortChipName } from "../facts/model-name.ts"
import { readMachineMemory } from "../facts/numbers.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { HostPlatform } from "./payload.ts"

/** What bootstrap.sh found on a machine before anything of Windfall runs there. All of it is untrusted text. */
export type ProbeFacts = ReadonlyMap<string, string>

/** A machine that may become a host. */
export interface AcceptedSystem {
  readonly platform: HostPlatform
  /** For people: "Mac Studio 2025, M3 Ultra, 80 GPU cores, 512 GB, macOS 26.1". */
  readonly text: string
}

/** Room for Node, the agent and a first job. */
const MIN_FREE_KB = 600 * 1024

/**
 * Decides whether a machine can be a host. Apple silicon is told by `hw.optional.arm64`, not by `uname -m`, which says
 * x86_64 under Rosetta; a virtual Mac by `kern.hv_vmm_present` or its model: no VM gives jobs Metal.
 * @throws {WindfallError} host_refused with the reason
 */
export function checkSystem(facts: ProbeFacts): AcceptedSystem {
  const get = (name: string) => (facts.get(name) ?? "").slice(0, 200)
  const accepted = get("system") === "Darwin" ? checkMac(get) : checkLinux(get)
  if (!/^5\.\d+/.test(get("perl"))) {
    throw refused("it has no working perl with its standard modules", "On Debian: apt-get install perl-base")
  }
  if (get("writable") !== "yes") throw refused(`${get("existing") || "its home folder"} cannot be written to`)
  const freeKb = Number(get("diskFreeKb"))
  if (facts.get("root") === undefined && freeKb > 0 && freeKb < MIN_FREE_KB) {
    throw refused(
      `only ${Math.round(freeKb / 1024)} MB are free on its disk`,
      "Windfall needs 600 MB there to begin with",
    )
  }
  return accepted
}

function checkMac(get: (name: string) => string): AcceptedSystem {
  if (get("sysctl.proc_translated") === "1") {
    throw refused(
      "its ssh login runs under Rosetta, where programs for Intel run and Metal is slow",
      "Make the account's login shell the system's own (chsh -s /bin/zsh), or remove 'arch -x86_64' from its profile",
    )
  }
  if (get("hw.optional.arm64") !== "1") {
    throw refused(
      `it is an Intel Mac (${get("machdep.cpu.brand_string") || get("machine")})`,
      "Only Apple silicon has the GPU that jobs are sent to",
    )
  }
  if (get("kern.hv_vmm_present") === "1" || get("hw.model").startsWith("VirtualMac")) {
    throw refused(`it is a virtual machine (${get("hw.model")}): no Metal there`, "Add the Mac it runs on instead")
  }
  const version = get("version")
  if (!isAtLeast(version, OLDEST_MACOS)) {
    throw refused(`it has macOS ${version || "of unknown version"}`, `Windfall needs macOS ${OLDEST_MACOS} or newer`)
  }
  return { platform: "darwin-arm64", text: `${macText(get)}, macOS ${version}` }
}

/** "Mac Studio 2025, M3 Ultra, 80 GPU cores, 512 GB": what is known at once, before anything of Windfall is there. */
function macText(get: (name: string) => string): string {
  const chip = get("machdep.cpu.brand_string")
  const gpuCores = Number(get("gpuCores"))
  const isSold = CHIPS.get(chip)?.bins.some((bin) => bin.gpuCores === gpuCores) === true
  const memory = readMachineMemory(get("hw.memsize"))
  return [
    nameOfModel(get("hw.model")),
    shortChipName(chip),
    ...(isSold ? [`${gpuCores} GPU cores`] : []),
    ...(memory.known ? [formatBytes(memory.value)] : []),
  ].join(", ")
}

function checkLinux(get: (name: string) => string): AcceptedSystem {
  if (get("system") !== "Linux")
    throw refused(`its system is ${get("system") || "unknown"}`, "Hosts are Macs with Apple silicon, or Linux")
  if (get("libc") === "musl") throw refused("its C library is musl (Alpine?)", "Windfall needs a Linux with glibc")
  const machine = get("machine")
  const arch = { x86_64: "x64", amd64: "x64", aarch64: "arm64", arm64: "arm64" }[machine]
  if (arch === undefined) throw refused(`its processor is ${machine || "unknown"}`, "Linux hosts are x86_64 or aarch64")
  return {
    platform: `linux-${arch as "x64" | "arm64"}`,
    text: `${get("version") || "Linux"}, ${machine}: CPU work only`,
  }
}

function refused(reason: string, hint?: string): WindfallError {
  return new WindfallError("host_refused", `Cannot use this machine as a host: ${reason}`, { hint })
}
