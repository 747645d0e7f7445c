import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { fs, path } from "../builtin.ts"

const MAX_BYTES = 16 * 1024 * 1024

/**
 * The text of a file that decides about an environment; `null` where none is. Its content goes to hosts by other ways than the
 * folder's, so one that only a link leads to, out of the folder, is refused: a folder from elsewhere could send with it what is nobody's business.
 * @param file in the folder that travels
 * @throws {WindfallError} invalid_input for one that is no file, lies outside, or is too large
 */
export function readDeciding(folder: string, file: string): string | null {
  const absolute = path.join(folder, file)
  const found = lookAt(absolute)
  if (found === null) return null
  const refuse = (reason: string) => {
    throw new WindfallError("invalid_input", `Cannot make an environment from ${file}: ${reason}`, {
      hint: "To send without an environment: --no-environment",
    })
  }
  if (!found.isFile()) refuse("it is no file")
  if (!isInside(folder, absolute)) refuse("it is a link that leads out of what travels")
  if (found.size > MAX_BYTES) refuse(`it has ${formatBytes(found.size)}, and ${formatBytes(MAX_BYTES)} are the most`)
  try {
    return fs.readFileSync(absolute, "utf8")
  } catch {
    return null
  }
}

/** As {@link readDeciding}; what cannot decide is none. For files that need not say anything about environments. */
export function readMaybeDeciding(folder: string, file: string): string | null {
  try {
    return readDeciding(folder, file)
  } catch (error) {
    if (error instanceof WindfallError) return null
    throw error
  }
}

function isInside(folder: string, absolute: string): boolean {
  return fs.realpathSync(absolute).startsWith(`${fs.realpathSync(folder).replace(/\/$/, "")}/`)
}

/** Through links, as reading goes; a link to nowhere is none. */
function lookAt(absolute: string) {
  try {
    return fs.statSync(absolute)
  } catch {
    return null
  }
}
