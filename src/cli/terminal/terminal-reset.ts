/**
 * Puts a terminal emulator back in order after a full-screen program was left behind in it: main screen, cursor shown, no
 * mouse reports, no bracketed paste, keys as usual, colours off. Sent when a terminal is left while its program runs on.
 */
export const TERMINAL_RESET =
  "\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[?1l\x1b>\x1b[>4;0m\x1b[<u\x1b[?25h\x1b[0m"

/**
 * Questions to a terminal emulator: device attributes, status and cursor reports, modes, colours. In output that is shown
 * again to a new client their answers would be typed into whatever runs now.
 */
const QUERIES =
  // biome-ignore lint/complexity/useRegexLiterals: control characters read better escaped in one string
  new RegExp(
    "\\x1b\\[[>=?]?\\d*c|\\x1b\\[\\??[56]n|\\x1b\\[\\?\\d+\\$p|\\x1b\\[>\\d*q|\\x1b\\](?:4;\\d+|1[0-9]);\\?(?:\\x07|\\x1b\\\\)",
    "g",
  )

/** The bytes without questions to the terminal. */
export function withoutQueries(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1")
  const clean = text.replace(QUERIES, "")
  return clean.length === text.length ? bytes : Buffer.from(clean, "latin1")
}
