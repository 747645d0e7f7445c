import type { FactSheet } from "./fact-sheet.ts"
import { FIRST_PERSON_UID, LAST_UID } from "./ioreg-console.ts"
import type { Line } from "./lines.ts"

type Node = Map<string, string | Node>

const CONSOLE = "State:/Users/ConsoleUser"
const NAMES = ["hasConsoleUser", "consoleUid", "consoleUser"] as const

/** What scutil(8) prints of a dictionary, as nested maps; `null` when a line or a bracket does not fit or is missing. */
export function parseScutil(lines: readonly Line[]): Node | null {
  const root: Node = new Map()
  const open: Node[] = [root]
  for (const { text, isSound, isTerminated } of lines) {
    const line = text.trim()
    const node = open.at(-1)
    if (line === "}") {
      if (open.length < 2) return null
      open.pop()
      continue
    }
    const match = /^(?:([\w:/ -]+?) : )?(?:<(dictionary|array)> \{|(.*))$/.exec(line)
    const key = match?.[1] ?? (open.length === 1 && match?.[2] !== undefined ? "" : undefined)
    const isText = match?.[2] === undefined
    if (!isSound || node === undefined || key === undefined || node.has(key)) return null
    if (isText && !isTerminated) return null
    const child: Node = new Map()
    node.set(key, isText ? (match?.[3] ?? "") : child)
    if (!isText) open.push(child)
  }
  return open.length === 1 ? root : null
}

/**
 * `echo 'show State:/Users/ConsoleUser' | scutil`: who is logged in at the screen is the session with
 * `kCGSSessionOnConsoleKey : TRUE`. The name at the top may be that of a former login. `No such key`: nobody.
 */
export function readConsoleUser(sheet: FactSheet, lines: readonly Line[]): void {
  if (lines.length === 1 && lines[0]?.text.trim() === "No such key") {
    sheet.known("hasConsoleUser", false, CONSOLE)
    return
  }
  const root = parseScutil(lines)?.get("")
  const info = root instanceof Map ? root.get("SessionInfo") : undefined
  if (!(root instanceof Map)) {
    for (const name of NAMES) sheet.unknown(name, "garbage", "the dictionary is damaged or cut", CONSOLE)
    return
  }
  if (root.get("Name") === "loginwindow") sheet.known("hasConsoleUser", false, "Name")
  const sessions = info instanceof Map ? [...info.values()].filter((one) => one instanceof Map) : []
  const shown = sessions.filter((session) => session.get("kCGSSessionOnConsoleKey") === "TRUE")
  const uid = shown.length === 1 ? String(shown[0]?.get("kCGSSessionUserIDKey")) : ""
  if (/^(0|[1-9]\d{0,9})$/.test(uid) && Number(uid) <= LAST_UID) {
    const key = "SessionInfo: kCGSSessionUserIDKey"
    const isPerson = Number(uid) >= FIRST_PERSON_UID
    sheet.known("hasConsoleUser", isPerson, key)
    if (isPerson) sheet.known("consoleUid", Number(uid), key)
    const user = shown[0]?.get("kCGSSessionUserNameKey")
    if (isPerson && typeof user === "string" && /^[\w.-]{1,64}$/.test(user)) {
      sheet.known("consoleUser", user, "SessionInfo: kCGSSessionUserNameKey")
    }
  }
  sheet.expect(NAMES, "SessionInfo")
}
