import { type FactValue, known, type Reading, unknown } from "./fact.ts"
import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { brokenStatusLine, missingStatus } from "./status-parts.ts"

interface StatusLine {
  readonly form: RegExp
  readonly name: FactName
  readonly value: (match: RegExpExecArray) => Reading<FactValue>
}

function row(form: RegExp, name: FactName, value: StatusLine["value"]): StatusLine {
  return { form, name, value }
}

const isOn = (match: RegExpExecArray) => known(/^(on|enabled|yes|1)$/i.test(match[1] ?? ""))
const isTrue = () => known(true)
const asIs = (match: RegExpExecArray) => known(match[1] ?? "")

/** 0 is off, 1 on, and 2 lets nothing in (socketfilterfw --help): the words before must say the same. */
function firewallOf([, words = "", state = ""]: RegExpExecArray): Reading<boolean> {
  const states = { disabled: "0", enabled: "12" }[words] ?? "2"
  return states.includes(state)
    ? known(state !== "0")
    : unknown("contradictory", `it says ${words}, and state ${state}`)
}

/** With a configuration of its own some of it is on and some off. */
const ofItsOwn = (): Reading<boolean> =>
  unknown("no_such_key", "it has a custom configuration: parts of it may be on, and parts off")
const afterRestart = (): Reading<boolean> =>
  unknown("contradictory", "it is off now, and will be on after the next restart")

/** Commands that answer with a line or two. Each line says by itself what it is about. */
const LINES: readonly StatusLine[] = [
  row(/^FileVault is (On|Off)\.$/, "isFileVaultOn", isOn), // fdesetup status
  row(/^FileVault is (On), but needs to be restarted to finish\.$/, "isFileVaultOn", isOn),
  row(/^FileVault is Off, but will be enabled after the next restart\.$/, "isFileVaultOn", afterRestart),
  row(/^System Integrity Protection status: (enabled|disabled)\.$/, "isSystemProtected", isOn), // csrutil status
  row(/^System Integrity Protection status: \w+ \(Custom Configuration\)\.$/, "isSystemProtected", ofItsOwn),
  row(/^Firewall is (enabled|disabled)\. \(State = ([012])\)\s*$/, "isFirewallOn", firewallOf), // socketfilterfw --getglobalstate
  row(
    /^Firewall is (blocking) all non-essential incoming connections\. \(State = ([012])\)\s*$/,
    "isFirewallOn",
    firewallOf,
  ),
  row(/^(?:Firewall s|S)tealth mode (?:is )?(on|off|enabled|disabled)\s*$/, "isStealthModeOn", isOn), // --getstealthmode
  row(/^Enrolled via DEP: (Yes|No)$/, "isEnrolledByPurchase", isOn), // profiles status -type enrollment
  row(/^MDM enrollment: (Yes|No)(?: \(User Approved\))?$/, "isManaged", isOn),
  row(/^Remote Login: (On|Off)$/, "isRemoteLoginOn", isOn), // systemsetup -getremotelogin
  row(/^\s*"com\.openssh\.sshd" => (enabled|disabled)$/, "isRemoteLoginOn", isOn), // launchctl print-disabled system
  row(/^(TCC\.db)$/, "hasFullDiskAccess", isTrue), // ls of its folder, which only who has it may list
  row(/^(Aqua|Background|LoginWindow|StandardIO|System)$/, "sessionKind", asIs), // launchctl managername
  row(
    /^(\/Library\/Developer\/CommandLineTools|(?:\/[^/\p{C}]+)*\/[^/\p{C}]+\.app\/Contents\/Developer)$/u,
    "developerFolder",
    asIs,
  ), // xcode-select -p
  row(/^com\.apple\.system\.thermalpressurelevel ([0-4])$/, "thermalPressure", (match) => known(Number(match[1]))), // notifyutil -g
]

/** Lines that mean nothing by themselves: of a custom configuration, of what is still to come, and of other services. */
const OTHERS: readonly RegExp[] = [
  /^MDM server: /,
  /^\s*"[\w.@-]+" => (enabled|disabled|true|false)$|^\t?disabled services = \{$|^\t?\}$|^\t?login item associations/,
  /^Configuration:$|^\t[A-Z][\w ]+: (enabled|disabled)$|^This is an unsupported configuration, /,
  /^(En|De)cryption in progress: |^Deferred enablement appears to be active for user '|^FileVault master keychain appears/,
]

export function isStatusLine(text: string): boolean {
  return LINES.some(({ form }) => form.test(text)) || brokenStatusLine(text)?.isOfNoOther === true
}

export function readStatusLines(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) => {
    for (const { form, name, value } of LINES) {
      const match = form.exec(text)
      if (match !== null) return { name, reading: value(match), key: keyOf(text), endsItself: /[.)]\s*$/.test(text) }
    }
    if (OTHERS.some((form) => form.test(text))) return undefined
    // One that is cut is still a line of its own, and no part of the one before.
    const broken = brokenStatusLine(text)
    return broken === null ? null : { ...broken, key: keyOf(text), endsItself: true }
  }
  const onMisfit = (text: string) => {
    sheet.misfit(text)
    const broken = brokenStatusLine(text)
    if (broken !== null) sheet.take(broken.name, broken.reading, keyOf(text))
  }
  for (const { value, line, isWhole } of fitLines(lines, fit, onMisfit)) {
    if ("isOfNoOther" in value) sheet.misfit(line.text)
    if (isWhole || value.endsItself) sheet.take(value.name, value.reading, value.key)
    else sheet.unknown(value.name, "truncated", "the line may have been cut", value.key)
  }
  for (const name of missingStatus((one) => sheet.get(one) !== undefined)) {
    sheet.unknown(name, "truncated", "the line for it is missing", "profiles status")
  }
}

function keyOf(text: string): string {
  return text.split(/[:=]/, 1)[0]?.trim().slice(0, 60) ?? ""
}
