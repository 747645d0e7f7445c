import { type Reading, unknown } from "./fact.ts"
import type { FactName } from "./fact-names.ts"

/** Whole lines by the fact each tells: a part of one shows of which fact the value is lost. */
const WHOLE: readonly (readonly [name: FactName, stem: string, ends: readonly string[]])[] = [
  [
    "isFileVaultOn",
    "FileVault is ",
    ["On.", "Off.", "On, but needs to be restarted to finish.", "Off, but will be enabled after the next restart."],
  ],
  [
    "isSystemProtected",
    "System Integrity Protection status: ",
    ["enabled.", "disabled.", "enabled (Custom Configuration).", "unknown (Custom Configuration)."],
  ],
  [
    "isFirewallOn",
    "Firewall is ",
    ["enabled. (State = 1)", "disabled. (State = 0)", "blocking all non-essential incoming connections. (State = 2)"],
  ],
  ["isStealthModeOn", "Firewall stealth mode is ", ["on", "off"]],
  ["isStealthModeOn", "Stealth mode ", ["is on", "is off", "enabled", "disabled"]],
  ["isEnrolledByPurchase", "Enrolled via DEP: ", ["Yes", "No"]],
  ["isManaged", "MDM enrollment: ", ["Yes (User Approved)", "No"]],
  ["isRemoteLoginOn", "Remote Login: ", ["On", "Off"]],
  ["isRemoteLoginOn", '"com.openssh.sshd" => ', ["enabled", "disabled"]],
  ["thermalPressure", "com.apple.system.thermalpressurelevel ", ["0"]],
  ["developerFolder", "/Library/Developer/", ["CommandLineTools"]],
  ["developerFolder", "/Applications/Xcode", [".app/Contents/Developer"]],
]
/** So much of a line shows which one it is. */
const LEAST = 4

export interface BrokenStatusLine {
  readonly name: FactName
  readonly reading: Reading<never>
  /** Whether it has the whole beginning of such a line, which no other output has. */
  readonly isOfNoOther: boolean
}

/** A line that begins as one of these does, and does not end so; `null` for any other. */
export function brokenStatusLine(line: string): BrokenStatusLine | null {
  const text = line.trim()
  if (text.length < LEAST) return null
  for (const [name, stem, ends] of WHOLE) {
    const isOfNoOther = text.startsWith(stem.trimEnd())
    const isPart = ends.some((end) => `${stem}${end}`.startsWith(text))
    if (isPart) return { name, reading: unknown("truncated", "the line is cut"), isOfNoOther }
    if (isOfNoOther) return { name, reading: unknown("garbage", "its value is damaged"), isOfNoOther }
  }
  return null
}

/** `profiles status -type enrollment` has two lines: with one of them, the other is missing. */
export function missingStatus(isTold: (name: FactName) => boolean): readonly FactName[] {
  const both = ["isEnrolledByPurchase", "isManaged"] as const
  return both.some(isTold) ? both.filter((name) => !isTold(name)) : []
}
