import { WindfallError } from "../protocol/errors.ts"

/**
 * That something cannot be kept in a file or folder of this account, in words: `Cannot <doing>: <reason>`.
 * @param hint what to do about that place
 */
export function keepError(error: unknown, doing: string, hint: string): WindfallError {
  const { code } = error as NodeJS.ErrnoException
  const full = code === "ENOSPC" || code === "EDQUOT"
  return new WindfallError(full ? "disk_full" : "invalid_input", `Cannot ${doing}: ${reasonOf(error)}`, {
    hint,
    cause: error,
  })
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return "there is no room"
    case "EROFS":
      return "the file system is read-only"
    case "EACCES":
    case "EPERM":
      return "permission denied"
    case "ENOENT":
      return "no folder can be made there"
    case "EEXIST":
    case "ENOTDIR":
      return "something in its path is not a folder"
    default:
      return message
  }
}
