import { lstatSync, mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { WindfallError } from "../../protocol/errors.ts"
import { errorCode } from "../../workspace/disk-error.ts"

/**
 * Makes `path` in the job's folder lead to the data. Nothing that is there is replaced, and no link on the way is followed.
 * @throws {WindfallError} unsafe_path where something is in the way, with the data's name as `details.data`
 */
export function linkData(work: string, name: string, path: string, target: string): void {
  const parts = path.split("/")
  const last = parts.pop() ?? ""
  let folder = work
  for (const part of parts) {
    folder = join(folder, part)
    const stat = lstatSync(folder, { throwIfNoEntry: false })
    if (stat === undefined) mkdirSync(folder, { mode: 0o700 })
    else if (!stat.isDirectory()) throw taken(name, path)
  }
  try {
    symlinkSync(target, join(folder, last))
  } catch (error) {
    throw errorCode(error) === "EEXIST" ? taken(name, path) : error
  }
}

function taken(name: string, path: string): WindfallError {
  return new WindfallError(
    "unsafe_path",
    `Cannot put the data ${name} at ${path}: the job's folder has something there`,
    {
      details: { data: name },
    },
  )
}
