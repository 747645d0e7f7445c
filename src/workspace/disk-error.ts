import { WindfallError } from "../protocol/errors.ts"

/** The `code` of a system error, for instance "ENOENT". */
export function errorCode(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null | undefined)?.code
  return typeof code === "string" ? code : undefined
}

/** Of a path in a message. */
const MAX_SHOWN = 200

/** A path for a message: of a very long one both ends. */
export function shownPath(path: string): string {
  if (path.length <= MAX_SHOWN) return path
  return `${path.slice(0, MAX_SHOWN / 2)}...${path.slice(-MAX_SHOWN / 2)}`
}

/** Turns what the file system threw into words: `Cannot <doing>: <reason>`. A full disk becomes `disk_full`. */
export function diskError(thrown: unknown, doing: string): unknown {
  if (thrown instanceof WindfallError) return thrown
  const code = errorCode(thrown)
  const cause = { cause: thrown }
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new WindfallError("disk_full", `Cannot ${doing}: the disk is full`, {
        hint: "free some space, then try again",
        ...cause,
      })
    case "ENAMETOOLONG":
      return new WindfallError("invalid_input", `Cannot ${doing}: the name or path is too long for this system`, cause)
    case "EACCES":
    case "EPERM":
      return new WindfallError("invalid_input", `Cannot ${doing}: permission denied`, cause)
    case "EROFS":
      return new WindfallError("invalid_input", `Cannot ${doing}: the file system is read-only`, cause)
    case "EILSEQ":
      return new WindfallError("invalid_input", `Cannot ${doing}: this file system does not accept the name`, cause)
    default:
      return thrown
  }
}
