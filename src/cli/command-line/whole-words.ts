import { WindfallError } from "../../protocol/errors.ts"
import { fs } from "../builtin.ts"

/** What Node puts in the place of bytes that are no UTF-8; a word may also hold it by right. */
const REPLACED = "\ufffd"

/**
 * Refuses a command line with bytes that are no UTF-8: they would arrive changed. Where the system does not show the bytes of a
 * command line (macOS), it is taken as it is.
 * @throws {WindfallError} invalid_input
 */
export function checkWhole(words: readonly string[]): void {
  if (!words.some((word) => word.includes(REPLACED))) return
  let bytes: Uint8Array
  try {
    bytes = fs.readFileSync("/proc/self/cmdline")
  } catch {
    return
  }
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw new WindfallError("invalid_input", "Cannot read the command line: a word of it is not UTF-8", {
      hint: "Have the command make such bytes itself, or read them from a file of the folder",
    })
  }
}
