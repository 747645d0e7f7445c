import type { FactValue } from "./fact.ts"
import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"

interface StatusLine {
  readonly form: RegExp
  readonly name: FactName
  readonly value: (match: RegExpExecArray) => FactValue
}

function row(form: RegExp, name: FactName, value: StatusLine["value"]): StatusLine {
  return { form, name, value }
}

const isOn = (match: RegExpExecArray) => /^(on|enabled|yes|1)$/i.test(match[1] ?? "")

/** Commands that answer with a line or two. Each line says by itself what it is about. */
const LINES: readonly StatusLine[] = [
  row(/^FileVault is (On|Off)\.$/, "isFileVaultOn", isOn), // fdesetup status
  row(/^System Integrity Protection status: (enabled|disabled)\.$/, "isSystemProtected", isOn), // csrutil status
  row(/^Firewall is (enabled|disabled)\. \(State = [012]\)\s*$/, "isFirewallOn", isOn), // socketfilterfw --getglobalstate
  row(/^Firewall is blocking all non-essential incoming connections\. \(State = 2\)\s*$/, "isFirewallOn", () => true),
  row(/^(?:Firewall s|S)tealth mode (?:is )?(on|off|enabled|disabled)\s*$/, "isStealthModeOn", isOn), // --getstealthmode
  row(/^Enrolled via DEP: (Yes|No)$/, "isEnrolledByPurchase", isOn), // profiles status -type enrollment
  row(/^MDM enrollment: (Yes|No)(?: \(User Approved\))?$/, "isManaged", isOn),
  row(/^Remote Login: (On|Off)$/, "isRemoteLoginOn", isOn), // systemsetup -getremotelogin
  row(/^\s*"com\.openssh\.sshd" => (enabled|disabled)$/, "isRemoteLoginOn", isOn), // launchctl print-disabled system
  row(/^(TCC\.db)$/, "hasFullDiskAccess", () => true), // ls of its folder, which only who has it may list
  row(/^(Aqua|Background|LoginWindow|StandardIO|System)$/, "sessionKind", (match) => match[1] ?? ""), // launchctl managername
  row(
    /^(\/Library\/Developer\/CommandLineTools|\/Applications\/Xcode[\w.-]*\.app\/Contents\/Developer)$/,
    "developerFolder",
    (match) => match[1] ?? "",
  ), // xcode-select -p
  row(/^com\.apple\.system\.thermalpressurelevel ([0-4])$/, "thermalPressure", (match) => Number(match[1])), // notifyutil -g
]

export function isStatusLine(text: string): boolean {
  return LINES.some(({ form }) => form.test(text))
}

export function readStatusLines(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) => {
    for (const { form, name, value } of LINES) {
      const match = form.exec(text)
      if (match !== null) return { name, value: value(match), key: text.split(/[:=]/, 1)[0]?.trim().slice(0, 60) ?? "" }
    }
    if (/^MDM server: https?:\/\/\S+$/.test(text)) return undefined
    return /^\s*"[\w.@-]+" => (enabled|disabled|true|false)$|^\t?disabled services = \{$|^\t?\}$|^\t?login item associations/.test(
      text,
    )
      ? undefined
      : null
  }
  for (const { value, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    if (isWhole || /[.)]$/.test(value.key)) sheet.known(value.name, value.value, value.key)
    else sheet.unknown(value.name, "truncated", "the line may have been cut", value.key)
  }
}
