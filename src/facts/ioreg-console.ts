import type { FactSheet } from "./fact-sheet.ts"
import { hasKey, type RegistryNode } from "./ioreg.ts"
import { isDictionary, isList, type PropertyDictionary } from "./property-value.ts"

const LOCKED = "IOConsoleLocked"
const USERS = "IOConsoleUsers"
/** Accounts of people begin here; below are the system's own. */
export const FIRST_PERSON_UID = 501
export const LAST_UID = 2 ** 31

/**
 * `ioreg -n Root -d 1`: whether the screen is locked, and who sits before it. `CGSSessionScreenIsLocked` is there only while it
 * is locked, so its absence says nothing that `IOConsoleLocked` does not.
 */
export function readConsole(sheet: FactSheet, nodes: readonly RegistryNode[]): void {
  const roots = nodes.filter((node) => node.name === "Root" || hasKey(node, LOCKED) || hasKey(node, USERS))
  for (const { properties, damaged } of roots) {
    const locked = properties.get(LOCKED)
    if (typeof locked === "boolean") sheet.known("isScreenLocked", locked, LOCKED)
    else if (damaged.has(LOCKED)) sheet.unknown("isScreenLocked", "garbage", "its value is damaged or cut", LOCKED)
    const users = properties.get(USERS)
    if (isList(users)) readSessions(sheet, users.filter(isDictionary), users.length)
    else if (damaged.has(USERS)) {
      for (const name of ["hasConsoleUser", "consoleUid", "consoleUser"] as const) {
        sheet.unknown(name, "garbage", "the list of sessions is damaged or cut", USERS)
      }
    }
  }
  if (roots.length > 0) sheet.expect(["isScreenLocked", "hasConsoleUser", "consoleUid"], "Root")
}

function readSessions(sheet: FactSheet, sessions: readonly PropertyDictionary[], count: number): void {
  if (count === 0) sheet.known("hasConsoleUser", false, USERS)
  const shown = sessions.filter((session) => session.get("kCGSSessionOnConsoleKey") === true)
  if (shown.length !== 1) return
  const [session] = shown
  const key = `${USERS}: kCGSSessionOnConsoleKey`
  if (session?.get("CGSSessionScreenIsLocked") === true)
    sheet.known("isScreenLocked", true, `${USERS}: CGSSessionScreenIsLocked`)
  const uid = session?.get("kCGSSessionUserIDKey")
  if (typeof uid !== "number" || uid < 0 || uid > LAST_UID) return
  sheet.known("hasConsoleUser", uid >= FIRST_PERSON_UID, key)
  if (uid < FIRST_PERSON_UID) return
  sheet.known("consoleUid", uid, `${USERS}: kCGSSessionUserIDKey`)
  const name = session?.get("kCGSSessionUserNameKey")
  if (typeof name === "string" && /^[\w.-]{1,64}$/.test(name))
    sheet.known("consoleUser", name, `${USERS}: kCGSSessionUserNameKey`)
}
