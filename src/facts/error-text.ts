import type { UnknownReason } from "./fact.ts"
import type { FactSheet } from "./fact-sheet.ts"
import type { Line } from "./lines.ts"

export interface KnownErrorText {
  readonly code: string
  readonly form: RegExp
  readonly meaning: string
  /** Why what was asked for is not known then. */
  readonly reason: UnknownReason
}

function row(code: string, form: RegExp, meaning: string, reason: UnknownReason = "not_permitted"): KnownErrorText {
  return { code, form, meaning, reason }
}

/** What commands of macOS write when they fail, with what it means here. Whole lines, as words of them occur elsewhere. */
const ERRORS: readonly KnownErrorText[] = [
  row("needs_root", /^powermetrics must be invoked as the superuser$/, "it needs root"),
  row("needs_full_disk_access", /requires Full Disk Access privileges\.$/, "it needs Full Disk Access"),
  row(
    "signature_broken",
    /: invalid signature \(code or signature have been modified\)$|: code object is not signed at all$/,
    "the program's signature is broken: macOS kills it with exit code 137 and without a word",
  ),
  row("service_gone", /^Boot-out failed: 3: No such process$/, "the service is gone already", "no_such_key"),
  row(
    "no_gui_session",
    /^Bootstrap failed: 125: Domain does not support specified action$|^Could not find domain for user gui: \d+$/,
    "nobody is logged in at the screen, so there is no gui domain",
    "no_such_key",
  ),
  row(
    "bootstrap_failed",
    /^Bootstrap failed: 5: Input\/output error$/,
    "there is no gui domain, or the label is loaded already",
    "no_such_key",
  ),
  row("service_missing", /^Could not find service ".*" in domain for /, "there is no such service", "no_such_key"),
  row(
    "cannot_detach",
    /^nohup: can't detach from console: /,
    "nohup did not run its command: never use it over ssh on a Mac",
  ),
  row("entitlement_needed", /requires entitlement/, "this build of ps does not tell that column"),
  row(
    "operation_not_permitted",
    /^[A-Za-z_/][\w./-]*: (.+: )?Operation not permitted$/,
    "macOS protects what was asked for: Full Disk Access would be needed",
  ),
  row("permission_denied", /^[A-Za-z_/][\w./-]*: (.+: )?Permission denied$/, "this account may not"),
  row("no_route", /: No route to host$/, "Local Network privacy denied it, or there is no way", "not_permitted"),
  row(
    "missing_command",
    /: command not found$|: not found$|^env: .*: No such file or directory$|^(?:\/\S*)?(?:ba|z)?sh: .*No such file or directory$/,
    "the command is not there",
    "missing_command",
  ),
  row("timed_out", /^Alarm clock(: 14)?$|^Command timed out/, "it did not end in time", "timed_out"),
  row(
    "record_not_found",
    /^<dscl_cmd> DS Error: -14136 \(eDSRecordNotFound\)$/,
    "there is no such account or group",
    "no_such_key",
  ),
  row("unknown_key", /^sysctl: unknown oid /, "this kernel has no such key", "no_such_key"),
  row(
    "no_such_process",
    /^[A-Za-z_/][\w./-]*: (\(\d+\) - )?No such process$/,
    "there is no such process",
    "no_such_key",
  ),
  row(
    "no_developer_tools",
    /^xcode-select: (note: no developer tools were found|error: unable to get active developer directory)/,
    "the developer tools are not installed",
    "missing_command",
  ),
]

/** The meaning of the first line that is known; `null` when none is. */
export function explainErrorText(lines: readonly Line[]): KnownErrorText | null {
  for (const { text, isSound } of lines) {
    const known = isSound ? ERRORS.find(({ form }) => form.test(text)) : undefined
    if (known !== undefined) return known
  }
  return null
}

export function readErrorText(sheet: FactSheet, lines: readonly Line[]): void {
  const known = explainErrorText(lines)
  if (known === null) {
    sheet.unknown("errorMeaning", "garbage", "its text is none that is known", "stderr")
    return
  }
  sheet.known("errorMeaning", known.meaning, "stderr")
  sheet.known("errorCode", known.code, "stderr")
}
