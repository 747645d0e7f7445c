/** Why a file that somebody named cannot be read, in words to put behind `Cannot read FILE:`. */
export function readReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case "ENOENT":
      return "there is no such file"
    case "EISDIR":
      return "it is a folder"
    case "ENOTDIR":
      return "something in its path is not a folder"
    case "EACCES":
    case "EPERM":
      return "permission denied"
    case "ELOOP":
      return "a link in its path leads in a circle"
    default:
      return message
  }
}
