import { WindfallError } from "../../protocol/errors.ts"
import { fs, path } from "../builtin.ts"

/** What a uv.lock says of packages that are taken from folders. */
const LOCAL = /^source = \{ (?:editable|virtual|directory) = "([^"]+)" \}$/gm

/** Folders that a lock takes packages from, relative to its own, which is never among them. */
export function lockedFolders(lock: string): string[] {
  return [...lock.matchAll(LOCAL)].map(([, folder = ""]) => folder).filter((folder) => folder !== ".")
}

/**
 * The pyproject.toml of each package that a lock takes from a folder: with them uv can tell whether the lock fits. Paths are
 * in the folder that travels, as is `below`, the folder of the lock.
 * @throws {WindfallError} invalid_input for one that does not travel
 */
export function memberFiles(lock: string, folder: string, below: string): string[] {
  return lockedFolders(lock).map((member) => {
    const file = path.join(below, member, "pyproject.toml")
    const lockFile = path.join(below, "uv.lock")
    if (file.startsWith("..") || path.isAbsolute(member)) {
      throw new WindfallError(
        "invalid_input",
        `Cannot make an environment from ${lockFile}: it takes a package from ${member}, outside of what travels`,
        { hint: "Send the folder that has both: --folder" },
      )
    }
    if (fs.existsSync(path.join(folder, file))) return file
    throw new WindfallError("invalid_input", `Cannot make an environment from ${lockFile}: there is no ${file}`, {
      hint: "Type uv lock in that folder, or send without an environment: --no-environment",
    })
  })
}
