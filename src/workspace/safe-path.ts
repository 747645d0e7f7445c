import { WindfallError } from "../protocol/errors.ts"

/** APFS allows 255 characters, which can be three bytes each; most Linux file systems allow 255 bytes. */
const MAX_NAME_BYTES = 1024

/**
 * Checks that `name` is one component of a path and nothing else: not empty, not "." or "..", no slash, no NUL.
 * @throws {WindfallError} unsafe_path
 */
export function checkEntryName(name: string): void {
  const reason = unsafeName(name)
  if (reason !== undefined) {
    throw new WindfallError("unsafe_path", `Cannot accept the name ${JSON.stringify(name.slice(0, 200))}: ${reason}`)
  }
}

function unsafeName(name: string): string | undefined {
  if (name === "") return "it is empty"
  if (name === "." || name === "..") return "it leaves its folder"
  if (name.includes("/")) return "it holds a slash"
  if (name.includes("\0")) return "it holds a NUL byte"
  if (!name.isWellFormed()) return "it is not valid Unicode"
  if (name.length > MAX_NAME_BYTES / 3 && Buffer.byteLength(name) > MAX_NAME_BYTES) return "it is too long"
  return undefined
}

/**
 * Whether a name means git's own folder on any file system: macOS ignores case and drops some invisible characters, so
 * ".GIT" or ".g\u200cit" would be written into it, and a hook in there would run on the reader's machine.
 */
export function meansGitFolder(name: string): boolean {
  if (!name.includes(".") && !name.includes("~")) return false
  const plain = name.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "").toLowerCase()
  return plain === ".git" || plain === "git~1"
}

/** Joins a relative path and a name; the top is "". */
export function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`
}
