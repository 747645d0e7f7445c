import { WindfallError } from "./errors.ts"
import type { BlobHash } from "./ids.ts"

/** Stored data that a job asks for, and where in the job's folder it is to be seen. */
export interface JobData {
  readonly name: string
  /** Relative to the top of the job's folder. */
  readonly path: string
  /** `null`: the latest when the job is accepted, which is then written here; stays `null` for what only hosts have. */
  readonly version: number | null
  /** The tree of that version and its size, as the server finds them; what a sender says here is not looked at. */
  readonly root: BlobHash | null
  readonly bytes: number
}

/** More would be a list of files rather than of data sets. */
export const MAX_JOB_DATA = 50

/** Why a text cannot name data, or `null` when it can. */
export function dataNameProblem(name: string): string | null {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)
    ? null
    : "a name has up to 63 letters, digits, dots, dashes and underscores, and starts with a letter or digit"
}

/** Why data cannot be seen at this path of a job's folder, or `null` when it can. */
export function dataPathProblem(path: string): string | null {
  if (path.startsWith("/") || path.startsWith("~")) return "it must lie in the job's folder: write a relative path"
  if (path.includes("\0")) return "it contains a NUL character"
  if (path.length > 1024) return "it is too long"
  const parts = path.split("/")
  if (parts.includes("..")) return "it leaves the job's folder"
  if (parts.some((part) => part === "" || part === ".")) return "write it without empty parts and single dots"
  return null
}

/**
 * Reads `NAME` or `NAME:PATH` each, as typed after `--data` or standing in a job file.
 * @throws {WindfallError} invalid_input, also where two of them are to lie in one another
 */
export function readJobData(entries: readonly string[]): JobData[] {
  const data = entries.map(readEntry)
  if (data.length > MAX_JOB_DATA) throw refused(`Cannot give a job ${data.length} data sets: ${MAX_JOB_DATA} at most`)
  const problem = overlapProblem(data)
  if (problem !== null) throw refused(`Cannot give a job this data: ${problem}`)
  return data
}

/** Which two are to lie in one another, in words; `null` when none are. */
export function overlapProblem(data: readonly Pick<JobData, "path">[]): string | null {
  for (const [i, { path }] of data.entries()) {
    const other = data.find((one, j) => i !== j && (`${one.path}/` === `${path}/` || one.path.startsWith(`${path}/`)))
    if (other !== undefined) return `${other.path} would lie in ${path}`
  }
  return null
}

/** What is in the way at a data's path: something of the sender's folder, by its path and kind. */
export function dataPathTaken(
  { name, path }: Pick<JobData, "name" | "path">,
  what: string,
  kind: "file" | "folder" | "link",
): WindfallError {
  return new WindfallError(
    "invalid_input",
    `Cannot put the data ${name} at ${path}: your folder has a ${kind} ${what}`,
    { hint: `Put it elsewhere: --data ${name}:PATH, or keep ${what} home with a .windfallignore file` },
  )
}

function readEntry(entry: string): JobData {
  const colon = entry.indexOf(":")
  const name = colon === -1 ? entry : entry.slice(0, colon)
  const nameProblem = dataNameProblem(name)
  if (nameProblem !== null) throw refused(`Cannot give the job the data ${JSON.stringify(name)}: ${nameProblem}`)
  const path = colon === -1 ? `data/${name}` : entry.slice(colon + 1).replace(/\/$/, "")
  const pathProblem = dataPathProblem(path)
  if (pathProblem !== null) throw refused(`Cannot put data at ${JSON.stringify(path)}: ${pathProblem}`)
  return { name, path, version: null, root: null, bytes: 0 }
}

function refused(message: string): WindfallError {
  return new WindfallError("invalid_input", message, {
    hint: "For instance --data mnist, or --data mnist:sets/digits",
    details: { field: "data" },
  })
}
