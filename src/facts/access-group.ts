import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line, linesOf } from "./lines.ts"

const ATTRIBUTE = /^([A-Z]\w*):(?: (.*))?$/
/** A value with blanks, and lists that are long, stand on lines of their own, with a blank before them. */
const CONTINUED = /^ (\S.*)$/
/** What Apple's own groups have in place of the last group of a UUID is their number: 0x50 is 80, admin. */
const ADMIN_GROUP = "ABCDEFAB-CDEF-ABCD-EFAB-CDEF00000050"

export interface AccessGroup {
  /** Accounts that are members by name. */
  readonly members: readonly string[]
  readonly hasAdministrators: boolean
}

/**
 * `dscl . -read /Groups/com.apple.access_ssh` (dscl(1)), the group whose members Remote Login lets in; without the group everybody is.
 * `null` where the output is not whole: it has no line of the group's name, or one that is no attribute.
 */
export function parseAccessGroup(text: string): AccessGroup | null {
  const rows = rowsOf(linesOf(text))
  if (rows === null) return null
  const valuesOf = (name: string) => rows.filter((row) => row.name === name).flatMap(({ values }) => values)
  if (!valuesOf("RecordName").includes("com.apple.access_ssh") || valuesOf("RecordType").length === 0) return null
  return { members: valuesOf("GroupMembership"), hasAdministrators: valuesOf("NestedGroups").includes(ADMIN_GROUP) }
}

/** Says that the group is there. Who is in it are people's names, which are no facts. */
export function readAccessGroup(sheet: FactSheet, lines: readonly Line[]): void {
  let isThere = false
  for (const { value, isWhole } of fitLines(lines, attribute, (text) => sheet.misfit(text))) {
    if (value.name === "RecordName" && value.values.includes("com.apple.access_ssh") && isWhole) isThere = true
  }
  if (isThere) sheet.known("isRemoteLoginLimited", true, "RecordName")
  else sheet.unknown("isRemoteLoginLimited", "truncated", "the group's name is damaged or missing", "RecordName")
}

function attribute(text: string): { readonly name: string; readonly values: readonly string[] } | null {
  const match = ATTRIBUTE.exec(text)
  if (match !== null) return { name: match[1] ?? "", values: (match[2] ?? "").split(" ").filter((word) => word !== "") }
  const continued = CONTINUED.exec(text)
  return continued === null ? null : { name: "", values: (continued[1] ?? "").split(" ") }
}

function rowsOf(lines: readonly Line[]): { name: string; values: string[] }[] | null {
  const rows: { name: string; values: string[] }[] = []
  for (const { text, isTerminated, isSound } of lines) {
    const read = isSound && isTerminated ? attribute(text) : null
    if (read === null) return null
    const last = rows.at(-1)
    if (read.name === "" && last !== undefined) last.values.push(...read.values)
    else rows.push({ name: read.name, values: [...read.values] })
  }
  return rows
}
