import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"

const SECTION =
  /^(AC Power|Battery Power|UPS Power|System-wide power settings|Currently in use|Currently drawing from '[A-Za-z ]+'|Active Profiles):$/
const PROFILE = /^(AC Power|Battery Power|UPS Power)\s+-?\d\*?$/
const SETTING =
  /^ ([A-Za-z]+|Sleep On Power Button) +(\d{1,10}|\/\S+)( \((?:[a-z]+ )?sleep prevented by [^()]+\)| \(imposed by [^()]+\))?$/

/** The one that stands behind tabs (pmset.m). */
const SLEEP_DISABLED = /^ (SleepDisabled)\t\t(\d{1,10})$/

/** Settings that are on or off (pmset(1), pmset.m); any other number tells a damaged one. */
const SWITCHES: ReadonlySet<string> = new Set(
  `womp ring powernap proximitywake autorestart lidwake acwake lessbright halfdim sms ttyskeepawake tcpkeepalive
  lowpowermode standby autopoweroff destroyfvkeyonstandby`
    .split(/\s+/)
    .concat("Sleep On Power Button", "SleepDisabled", "DestroyFVKeyOnStandby"),
)

export function isSettingsHead(text: string): boolean {
  return SECTION.test(text)
}

/**
 * `pmset -g` and `pmset -g custom` (pmset(1)): settings by name, the latter by source of power. Names may have spaces (`Sleep On
 * Power Button`); after sleep may stand who prevents it, by names that are not worth counting: `pmset -g assertions` is.
 * Values stand in a column: where one does not, its name has lost or got something. A name twice in one section tells that the head of the next one is lost; then the section is not believed.
 */
export function readPmsetSettings(sheet: FactSheet, lines: readonly Line[]): void {
  const settings = settingsIn(lines)
  const isInColumns = settings.filter(isInColumn).length * 4 >= settings.length * 3
  const fit = (text: string) => {
    if (PROFILE.test(text)) return undefined
    const section = SECTION.exec(text)
    if (section !== null) return { section: section[1] ?? "", name: "", value: "" }
    const setting = SLEEP_DISABLED.exec(text) ?? SETTING.exec(text)
    if (setting === null || (isInColumns && !isInColumn(setting))) return null
    return { section: "", name: setting[1] ?? "", value: setting[2] ?? "" }
  }
  let section: string | null = null
  // Paths, as of hibernatefile, are left out: nothing tells a damaged one. Nor are lines read whose head is missing.
  const rows: { section: string; name: string; value: string; isWhole: boolean }[] = []
  for (const { value, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    if (value.section !== "") section = value.section.endsWith(" Power") ? value.section : ""
    else if (section !== null && !value.value.startsWith("/")) rows.push({ ...value, section, isWhole })
  }
  const doubled = new Set(
    rows.filter((row, at) => rows.some((one, i) => i < at && sameSetting(one, row))).map((row) => row.section),
  )
  for (const row of rows) {
    const of = row.section === "" ? row.name : `${row.section}: ${row.name}`
    if (doubled.has(row.section))
      sheet.spoil("powerSetting", "contradictory", "its section names a setting twice", row.name, of)
    else if (!row.isWhole) sheet.unknown("powerSetting", "truncated", "the line may have been cut", row.name, of)
    else if (/^0\d/.test(row.value)) sheet.unknown("powerSetting", "garbage", `${row.value} is no number`, row.name, of)
    else if (SWITCHES.has(row.name) && !/^[01]$/.test(row.value))
      sheet.unknown("powerSetting", "implausible", `${row.value} is not 0 or 1`, row.name, of)
    else sheet.known("powerSetting", Number(row.value), row.name, of)
  }
  if (rows.length === 0) sheet.unknown("powerSetting", "no_such_key", "the output has no settings", "pmset -g")
}

function settingsIn(lines: readonly Line[]): RegExpExecArray[] {
  return lines.flatMap(({ text }) => {
    const setting = SLEEP_DISABLED.exec(text) ?? SETTING.exec(text)
    return setting === null ? [] : [setting]
  })
}

/** Names are filled up to twenty characters, and have blanks around them (pmset.m). */
function isInColumn([row, name = "", value = ""]: RegExpExecArray): boolean {
  if (SLEEP_DISABLED.test(row)) return true
  const at = Math.max(22, name.length + 2)
  return row.slice(name.length + 1, at).trim() === "" && row.slice(at).startsWith(value)
}

function sameSetting(one: { section: string; name: string }, other: { section: string; name: string }): boolean {
  return one.section === other.section && one.name === other.name
}
