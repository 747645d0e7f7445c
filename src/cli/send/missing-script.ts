import { closest } from "../../base/closest.ts"
import { fs, path } from "../builtin.ts"
import { printable } from "../render/table.ts"
import { pythonWish } from "./python-command.ts"

/**
 * Says that the script python is to run is not in the folder, and what is named most like it: a slip would be found on the host
 * only. No more than a word, as the script may be made there. `null` where there is nothing to say; lines for a shell may go
 * elsewhere first.
 */
export function missingScript(command: readonly string[], root: string, workingFolder: string): string | null {
  const wish = pythonWish(command)
  if (wish?.wants !== "python" || wish.script === null || !command.includes(wish.script)) return null
  const at = path.posix.normalize(path.posix.join(workingFolder, wish.script))
  if (path.isAbsolute(wish.script) || /[~$\0]/.test(at) || at.startsWith("..")) return null
  const folder = path.posix.dirname(at)
  let names: string[]
  try {
    if (fs.existsSync(path.join(root, at))) return null
    names = fs.readdirSync(path.join(root, folder))
  } catch {
    names = []
  }
  const like = closest(
    path.posix.basename(at),
    names.filter((name) => name.endsWith(".py")),
  )
  const there = like === undefined ? "" : `; ${printable(path.posix.join(path.posix.dirname(wish.script), like))} is`
  return `${printable(wish.script)} is not in this folder${there}`
}
