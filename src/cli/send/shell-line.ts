import { fs, path } from "../builtin.ts"
import { commandText } from "../render/job-text.ts"
import { cutText, printable } from "../render/table.ts"

const SHOWN_COLUMNS = 60

/**
 * Of a command that is one word which reads like a line for a shell (`'ls -la | wc'`) and names no file of the folder: what to
 * type instead, as one sentence. It would be looked for as one program of that name.
 * @param folder where the command starts, absolute; `null` when nothing travels
 */
export function shellLineNote(command: readonly string[], folder: string | null): string | undefined {
  const [line = "", ...more] = command
  if (more.length > 0 || !looksLikeLine(line)) return undefined
  if (folder !== null && fs.existsSync(path.resolve(folder, line))) return undefined
  const again = commandText(["windfall", "send", "--", "sh", "-c", line])
  return `"${cutText(printable(line), SHOWN_COLUMNS)}" is taken for the name of one program. As a line for a shell: ${again}`
}

/** Words apart, or what only a shell makes something of. */
function looksLikeLine(word: string): boolean {
  return /[\s|&;<>()$`*?]/.test(word.trim())
}
