import { WindfallError } from "../../protocol/errors.ts"
import { fs, path } from "../builtin.ts"

const MOST_LOCK_BYTES = 16 * 1024 * 1024
/** What a uv.lock says of packages that are taken from folders. */
const LOCAL = /^source = \{ (?:editable|virtual|directory) = "([^"]+)" \}$/gm

/** Folders that a lock takes packages from, relative to its own, which is never among them. */
export function lockedFolders(lock: string): string[] {
  return [...lock.matchAll(LOCAL)].map(([, folder = ""]) => folder).filter((folder) => folder !== ".")
}

/**
 * Refuses a package of a workspace whose lock lies above what travels: without it other versions would be taken.
 * @param file its pyproject.toml, in the folder that travels
 * @throws {WindfallError} invalid_input, with the folder to send
 */
export function refuseLockAbove(folder: string, file: string): void {
  const own = path.dirname(path.join(folder, file))
  for (let at = path.dirname(folder); ; at = path.dirname(at)) {
    if (lockedFolders(readLock(path.join(at, "uv.lock"))).includes(path.relative(at, own))) {
      throw new WindfallError(
        "invalid_input",
        `Cannot make an environment from ${file}: the uv.lock of its workspace is in ${at}, which does not travel`,
        {
          hint: `To send without an environment: --no-environment; the whole workspace: windfall send --folder ${at}`,
        },
      )
    }
    if (at === path.dirname(at)) return
  }
}

/** "" for what is no lock: above the folder it may be anybody's, and a pipe would be waited for. */
function readLock(file: string): string {
  try {
    const found = fs.statSync(file)
    return found.isFile() && found.size <= MOST_LOCK_BYTES ? fs.readFileSync(file, "utf8") : ""
  } catch {
    return ""
  }
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
    if (fs.statSync(path.join(folder, file), { throwIfNoEntry: false })?.isFile() === true) return file
    throw new WindfallError("invalid_input", `Cannot make an environment from ${lockFile}: there is no ${file}`, {
      hint: "Type uv lock in that folder, or send without an environment: --no-environment",
    })
  })
}
