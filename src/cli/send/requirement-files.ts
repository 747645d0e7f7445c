import { WindfallError } from "../../protocol/errors.ts"
import { path } from "../builtin.ts"
import { readDeciding } from "./deciding-file.ts"

const MAX_FILES = 50

/**
 * A requirements file and those it names with -r and -c, as paths in the folder that travels.
 * @throws {WindfallError} invalid_input for what an environment that jobs share cannot hold, file_not_found
 */
export function requirementFiles(folder: string, file: string): string[] {
  const found: string[] = []
  const waiting = [file]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (found.includes(next)) continue
    if (found.length === MAX_FILES) {
      throw new WindfallError(
        "invalid_input",
        `Cannot make an environment from ${file}: with -r and -c it names more than ${MAX_FILES} files`,
        {
          hint: "Write them into one (uv pip compile), or send with --no-environment",
        },
      )
    }
    found.push(next)
    for (const [number, line] of readLines(folder, next).entries()) {
      const [, included] = /^\s*(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)/.exec(line) ?? []
      if (included !== undefined && !/^\w+:\/\//.test(included)) waiting.push(inside(folder, next, included))
      const [, local] = /^\s*((?:-e|--editable)[\s=]*\S+|\.{1,2}(?:\/\S*)?)\s*(?:#.*)?$/.exec(line) ?? []
      if (local === undefined) continue
      throw new WindfallError(
        "invalid_input",
        `Cannot make an environment from ${next}: line ${number + 1} installs a folder (${local}), and jobs share environments`,
        { hint: "Take the line out: your code is in the job's folder. Or send with --no-environment" },
      )
    }
  }
  return found
}

function readLines(folder: string, file: string): string[] {
  const text = readDeciding(folder, file)
  if (text !== null) return text.split(/\r?\n/)
  throw new WindfallError("file_not_found", `Cannot make an environment: ${file} cannot be read`)
}

function inside(folder: string, from: string, named: string): string {
  const file = path.relative(folder, path.resolve(folder, path.dirname(from), named))
  if (!file.startsWith("..") && !path.isAbsolute(file)) return file
  throw new WindfallError(
    "invalid_input",
    `Cannot make an environment from ${from}: ${named} is outside of what travels`,
    {
      hint: "Send the folder that has both: --folder",
    },
  )
}
