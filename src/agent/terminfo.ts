import { existsSync } from "node:fs"
import { join } from "node:path"

/** Where systems keep what they know of terminals. */
const FOLDERS = [
  "/etc/terminfo",
  "/lib/terminfo",
  "/usr/share/terminfo",
  "/usr/lib/terminfo",
  "/opt/homebrew/share/terminfo",
]
const FALLBACK = "xterm-256color"

/**
 * The TERM to set for a client whose own is `asked`: that one where this system knows it, else the one that every terminal
 * emulator of today resembles. A TERM that the system does not know breaks every program that draws.
 */
export function usableTerm(asked: string, home: string | undefined): string {
  if (!/^[\w][\w.+-]*$/.test(asked)) return FALLBACK
  const first = asked.charAt(0)
  // macOS names the folder by the first letter's code in hex, others by the letter.
  const names = [join(first, asked), join(asked.charCodeAt(0).toString(16), asked)]
  const folders = home === undefined ? FOLDERS : [join(home, ".terminfo"), ...FOLDERS]
  return folders.some((folder) => names.some((name) => existsSync(join(folder, name)))) ? asked : FALLBACK
}
