import type { WindfallError } from "../protocol/errors.ts"
import type { Cli } from "./cli.ts"
import { printableLines, UNPRINTABLE } from "./render/table.ts"

/** One line of Windfall's own on standard error, told apart from the job's. */
export function say(cli: Cli, text: string): Promise<void> {
  return cli.stderr.write(`windfall: ${printableLines(text)}\n`)
}

/** What went wrong, and what to do about it on a line below. Both may quote what others wrote: a file's header, a host, a hub. */
export function sayError(cli: Cli, { message, hint }: Pick<WindfallError, "message" | "hint">): Promise<void> {
  return cli.stderr.write(`${printableLines(message)}\n${hint === undefined ? "" : `  ${printableLines(hint)}\n`}`)
}

/** One JSON object on a line of standard output: what `--json` prints. */
export function printJson(cli: Cli, value: unknown): Promise<void> {
  return cli.stdout.write(`${jsonLine(value)}\n`)
}

/** JSON that is the same to whoever reads it, and steers no terminal: JSON.stringify leaves some of these as they are. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(UNPRINTABLE, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`
  })
}
