import type { Examination } from "../protocol/doctor-wire.ts"
import type { HostRecording, RecordedFile } from "../protocol/recording.ts"
import { HostLook, isText } from "./host-look.ts"
import type { RecordText } from "./mask/find-secrets.ts"
import { maskRecord } from "./mask/mask-record.ts"
import { commandLine, probesOf } from "./probes.ts"

/**
 * What a host printed, as the files of a record (docs/facts.md): `COMMAND__MODEL-VERSION.txt`, what it said on standard error as
 * `..__stderr.txt`, masked. Pure.
 */
export function recordFiles(examination: Examination, takenAt: string): HostRecording {
  const { head, outputs } = examination
  const label = labelOf(new HostLook(examination))
  const probes = new Map(probesOf(head.platform, "record").map((probe) => [probe.name, probe]))
  const texts: RecordText[] = []
  const commands: RecordedFile[] = []
  for (const { probe: name, outcome, exitCode, stdout, stderr, isCut } of outputs) {
    const probe = probes.get(name)
    if (probe === undefined) continue
    const file = `${probe.file}__${label}.txt`
    // What was cut is not the whole of what it printed, as if it had not ended.
    const recorded = { command: commandLine(probe), exitCode, outcome: isCut ? ("timed_out" as const) : outcome }
    commands.push({ file, ...recorded })
    texts.push({ name: file, text: stdout })
    if (stderr === "") continue
    const beside = `${probe.file}__${label}__stderr.txt`
    commands.push({ file: beside, ...recorded })
    texts.push({ name: beside, text: stderr })
  }
  const masked = maskRecord(texts, head.names)
  const left = new Set(masked.leftOut)
  return {
    takenAt,
    label,
    commands: commands.filter(({ file }) => !left.has(file)),
    files: masked.texts,
    masked: masked.counts,
    leftOut: masked.leftOut,
  }
}

/** "mac15,14-macos26.1" */
function labelOf(look: HostLook): string {
  const model = look.text("sysctl", "modelIdentifier")
  const version = look.together("macosVersion", isText)
  const parts = [model.known ? model.value.toLowerCase() : look.head.platform === "darwin" ? "mac" : "linux"]
  if (version.known) parts.push(`macos${version.value}`)
  return parts.join("-").replace(/[^\w.,-]/g, "")
}
