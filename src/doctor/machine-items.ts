import { formatBytes } from "../base/bytes.ts"
import { isText, isTruth } from "./host-look.ts"
import { item, notKnown, ok, problem, warning } from "./item.ts"

const REFUSALS: Readonly<Record<string, string>> = {
  intel_mac: "it is an Intel Mac: only Apple silicon has the GPU that jobs are sent to",
  virtual_machine: "it is a virtual machine: none gives jobs Metal",
  macos_too_old: "its macOS is too old for Windfall",
}
const LOW_DISK_BYTES = 5 * 1024 ** 3
const FULL_DISK_BYTES = 1024 ** 3
/** The GPU may be given nearly all memory; below this macOS itself is starved. */
const LEAST_FOR_MACOS_MB = 4 * 1024

export const machine = item("machine", (look) => {
  for (const [reason, text] of Object.entries(REFUSALS)) {
    const holds = look.together("refusal", isTruth, reason)
    if (holds.known && holds.value) {
      const fix = reason === "macos_too_old" ? "Update macOS there" : "Take it out: windfall host rm"
      return problem(text, fix)
    }
  }
  const verdict = look.together("hostVerdict", isText)
  const version = look.together("macosVersion", isText)
  const model = look.together("modelName", isText)
  if (verdict.known && verdict.value === "accepted" && version.known) {
    return ok(`${model.known ? model.value : "a Mac with Apple silicon"}, macOS ${version.value}`)
  }
  // Translated it looks like another machine; that has an item of its own.
  const why = verdict.known ? (version.known ? "it was refused for another reason" : version.why) : verdict.why
  return notKnown("whether it is a Mac that Windfall can use", why)
})

export const rosetta = item("rosetta", (look) => {
  const isTranslated = look.truth("sysctl", "isTranslated")
  if (!isTranslated.known) return notKnown("whether programs run translated there", isTranslated.why)
  if (!isTranslated.value) return ok("what comes by ssh runs natively, not under Rosetta")
  return problem(
    "what comes by ssh runs under Rosetta, as if on an Intel Mac: programs are slow and find no Metal",
    "Make the account's login shell the system's own (chsh -s /bin/zsh), or remove 'arch -x86_64' from its profile",
  )
})

export const gpuWiredLimit = item("gpu_wired_limit", (look) => {
  const limitMb = look.number("sysctl", "gpuWiredLimitMb")
  if (!limitMb.known) return notKnown("how much memory the GPU may hold", limitMb.why)
  if (limitMb.value === 0)
    return ok("the GPU may hold as much memory as macOS gives it by itself (iogpu.wired_limit_mb is 0)")
  const memory = look.number("sysctl", "memoryBytes")
  if (!memory.known) return notKnown("whether the GPU's limit leaves enough for macOS", memory.why)
  const leftMb = memory.value / 1024 ** 2 - limitMb.value
  const text = `iogpu.wired_limit_mb is ${limitMb.value}, which leaves ${formatBytes(Math.max(0, leftMb) * 1024 ** 2)} for the rest`
  if (leftMb >= LEAST_FOR_MACOS_MB) return ok(`${text}; it holds until the next restart`)
  return warning(
    `${text}: a job that fills the GPU's memory can take the whole Mac down`,
    "There: sudo sysctl iogpu.wired_limit_mb=0   or a number that leaves 4 GB at least",
  )
})

/** `/` is the sealed system volume on a Mac: what is free is told by /System/Volumes/Data. */
export const diskSpace = item(
  "disk_space",
  (look) => {
    const volume = look.head.platform === "darwin" ? "/System/Volumes/Data" : null
    const free =
      volume === null
        ? ({ known: true, value: look.head.diskFreeBytes } as const)
        : look.number("df", "diskAvailableBytes", volume)
    if (!free.known) return notKnown("how much of its disk is free", free.why)
    const text = `${formatBytes(free.value)} are free on its disk`
    const fix = "Make room there. What Windfall holds: windfall host show, windfall host disk"
    if (free.value < FULL_DISK_BYTES) return problem(`only ${text}: jobs cannot write`, fix)
    return free.value < LOW_DISK_BYTES ? warning(`only ${text}`, fix) : ok(text)
  },
  ["darwin", "linux"],
)

const OFF_MS = 2_000
const FAR_OFF_MS = 60_000

/** Between the moments of asking and of the answer nobody can say; only what is outside of them is off. */
export const clock = item(
  "clock",
  ({ head }, { askedAt, answeredAt }) => {
    const roundTripMs = answeredAt - askedAt
    if (roundTripMs < 0 || roundTripMs > 30_000) {
      return notKnown("how its clock goes", "the answer took too long to compare with the server's")
    }
    const aheadMs = head.now > answeredAt ? head.now - answeredAt : head.now < askedAt ? head.now - askedAt : 0
    const offMs = Math.abs(aheadMs)
    if (offMs <= OFF_MS) return ok("its clock goes with the server's")
    const amount = offMs < 120_000 ? `${Math.round(offMs / 1000)} s` : `${Math.round(offMs / 60_000)} min`
    const text = `its clock is ${amount} ${aheadMs > 0 ? "ahead of" : "behind"} the server's`
    const fix =
      head.platform === "darwin"
        ? "There: sudo sntp -sS time.apple.com   and System Settings > General > Date & Time > Set time and date automatically. Or is it the server's clock?"
        : "There: let systemd-timesyncd or chrony set it. Or is it the server's clock?"
    if (offMs > FAR_OFF_MS) return problem(`${text}: certificates and times of files are wrong for its jobs`, fix)
    return warning(text, fix)
  },
  ["darwin", "linux"],
)
