/**
 * Walks a folder on disk and records it, reading only files that changed since `previous`. Used by the
 * sender for what travels and by the host for what a job made. Follows no link, unless its filter says so.
 */
import * as fs from "node:fs"
import { WindfallError } from "../protocol/errors.ts"
import { diskError, errorCode, shownPath } from "./disk-error.ts"
import {
  type EntryRecord,
  type FileRecord,
  type FolderRecord,
  isFresh,
  isUnchanged,
  type LinkRecord,
  recordFolder,
} from "./folder-record.ts"
import { hashFile, hashSmallFile } from "./hash-file.ts"
import { joinPath } from "./safe-path.ts"
import { Slices } from "./slices.ts"
import { compareNames } from "./tree.ts"

/** Chooses what is walked. `Context` is what holds in one folder. */
export interface WalkFilter<Context extends { readonly fingerprint: string }, Verdict> {
  top(names: readonly string[]): Context
  enter(parent: Context, name: string, verdict: Verdict | undefined, names: readonly string[]): Context
  /** `undefined`: it is walked. A folder with `enterFor` is walked too. */
  decide(context: Context, name: string, isFolder: boolean): (Verdict & { readonly enterFor: boolean }) | undefined
  /** Whether the link at `link` to the plain file `target` (its real path) is recorded as that file; without it links stay links. */
  follows?(target: string, link: string): boolean
}

export type SpecialKind = "socket" | "pipe" | "device" | "name" | "path" | "unreadable"

export interface WalkOptions<Context extends { readonly fingerprint: string }, Verdict> {
  readonly filter: WalkFilter<Context, Verdict>
  /** Files changed at this time (wall clock) or shortly before it are read even if `previous` has their numbers. */
  readonly trustBeforeMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** How long the event loop may be held. @default 10 */
  readonly sliceMs?: number | undefined
  readonly onProgress?: ((progress: WalkProgress) => void) | undefined
  readonly onLeftOut?: ((path: string, kind: "file" | "folder" | "link", verdict: Verdict) => void) | undefined
  /**
   * All in there belongs to whoever walks: what its mode closes to its owner is opened, and recorded so. What still cannot
   * be read is told to `onSpecial`, instead of ending the walk.
   */
  readonly unlock?: boolean | undefined
  /** Something that cannot travel at all; `name`: its name is not valid UTF-8; `path`: that is longer than the system takes. */
  readonly onSpecial?: ((path: string, kind: SpecialKind) => void) | undefined
}

export interface WalkProgress {
  readonly files: number
  /** Bytes of files that had to be read so far. */
  readonly hashedBytes: number
}

type Kind = "file" | "folder" | "link" | "socket" | "pipe" | "device"

/**
 * Records what is in the folder `root`.
 * @throws {WindfallError} for what cannot be read, unless `unlock`: nothing is left out silently
 */
export async function walkFolder<Context extends { readonly fingerprint: string }, Verdict>(
  root: string,
  previous: FolderRecord | undefined,
  options: WalkOptions<Context, Verdict>,
): Promise<FolderRecord> {
  const { filter, onLeftOut, onSpecial, onProgress } = options
  const trustBeforeMs = options.trustBeforeMs ?? Number.POSITIVE_INFINITY
  const slices = new Slices(options.sliceMs ?? 10, options.signal)
  options.signal?.throwIfAborted()
  let files = 0
  let hashedBytes = 0
  const breathe = async (): Promise<void> => {
    onProgress?.({ files, hashedBytes })
    await slices.breathe()
  }

  const walk = async (
    folder: string,
    name: string,
    mode: number,
    contextOf: (names: readonly string[]) => Context,
    before: FolderRecord | undefined,
  ): Promise<FolderRecord> => {
    const absolute = joinPath(root, folder)
    const names = readNames(absolute, folder, onSpecial)
    const context = contextOf(names)
    // With the rules unchanged, what travelled last time does so again: no pattern has to be tried.
    const sameRules = before?.fingerprint === context.fingerprint
    const known = before?.entries ?? []
    const entries: EntryRecord[] = []
    let next = 0
    for (const entryName of names) {
      if (slices.spent) await breathe()
      while (next < known.length && compareNames(known[next]!.name, entryName) < 0) next++
      const last = known[next]?.name === entryName ? known[next] : undefined
      const link = `${absolute}/${entryName}`
      const own = look(link, folder, entryName)
      if (own === undefined) continue
      const { at, stat } = (own.isSymbolicLink() && followed(link)) || { at: link, stat: own }
      const kind = kindOf(stat)
      const unchanged = last?.kind === "file" && isUnchanged(last, stat) && !isFresh(last, trustBeforeMs)
      if (unchanged && sameRules) {
        files++
        entries.push(last)
        continue
      }
      const path = joinPath(folder, entryName)
      if (kind !== "file" && kind !== "folder" && kind !== "link") {
        onSpecial?.(path, kind)
        continue
      }
      // What is followed is decided by where a link leads, which may be elsewhere now.
      const isOpen = kind === "folder" || (own.isSymbolicLink() && filter.follows !== undefined)
      const decided = sameRules && last?.kind === kind && !isOpen
      const verdict = decided ? undefined : filter.decide(context, entryName, kind === "folder")
      if (verdict !== undefined && !(verdict.enterFor && kind === "folder")) {
        onLeftOut?.(path, kind, verdict)
        continue
      }
      if (kind === "folder") {
        const mode = options.unlock ? unlock(at, stat, 0o500) : stat.mode & 0o777
        if (options.unlock && !canEnter(at)) {
          onSpecial?.(path, "unreadable")
          continue
        }
        const below = (inside: readonly string[]): Context => filter.enter(context, entryName, verdict, inside)
        entries.push(await walk(path, entryName, mode, below, last?.kind === "folder" ? last : undefined))
        continue
      }
      if (kind === "file") files++
      if (unchanged) {
        entries.push(last)
        continue
      }
      if (options.unlock && kind === "file") unlock(at, stat, 0o400)
      const record = kind === "link" ? readLink(at, entryName, stat, last) : await hashEntry(at, entryName, path)
      if (record !== undefined) entries.push(record)
      else if (kind === "link") onSpecial?.(path, "name")
    }
    return recordFolder(name, mode, entries, context.fingerprint, before)
  }

  /** `undefined` when it is gone since the folder was read, or was told to `onSpecial`. */
  const look = (absolute: string, folder: string, name: string): fs.Stats | undefined => {
    try {
      return fs.lstatSync(absolute, { throwIfNoEntry: false })
    } catch (error) {
      const path = joinPath(folder, name)
      if (!options.unlock || errorCode(error) !== "ENAMETOOLONG") throw readError(error, path)
      onSpecial?.(path, "path")
      return undefined
    }
  }

  /** Where a link leads, if it is to be followed. One that leads nowhere, or in a circle, stays a link. */
  const followed = (link: string): { readonly at: string; readonly stat: fs.Stats } | undefined => {
    if (filter.follows === undefined) return undefined
    try {
      const at = fs.realpathSync(link)
      const stat = fs.lstatSync(at)
      return stat.isFile() && filter.follows(at, link) ? { at, stat } : undefined
    } catch {
      return undefined
    }
  }

  const hashEntry = async (absolute: string, name: string, path: string): Promise<FileRecord | undefined> => {
    try {
      const small = hashSmallFile(absolute, name)
      if (small !== undefined) hashedBytes += small.bytes
      const onBytes = (bytes: number): void => {
        hashedBytes += bytes
      }
      return small ?? (await hashFile(absolute, name, path, slices, onBytes))
    } catch (error) {
      if (errorCode(error) === "ENOENT" && fs.lstatSync(absolute, { throwIfNoEntry: false }) === undefined) {
        return undefined
      }
      if (options.unlock && (isDenied(error) || isDenied((error as Error).cause))) {
        onSpecial?.(path, "unreadable")
        return undefined
      }
      throw readError(error, path)
    }
  }

  const record = await walk("", "", 0o700, (names) => filter.top(names), previous)
  onProgress?.({ files, hashedBytes })
  return record
}

/** Gives the owner the rights `needed`, where the mode lacks them and the owner is the one who walks; returns the mode. */
function unlock(path: string, stat: fs.Stats, needed: number): number {
  const mode = (stat.mode & 0o777) | needed
  if (mode === (stat.mode & 0o777)) return mode
  try {
    fs.chmodSync(path, mode)
  } catch {
    // Reading it says what is the matter.
  }
  return mode
}

function canEnter(folder: string): boolean {
  try {
    fs.accessSync(folder, fs.constants.R_OK | fs.constants.X_OK)
    return true
  } catch (error) {
    return !isDenied(error)
  }
}

function readError(error: unknown, path: string): unknown {
  const what = shownPath(path)
  if (!isDenied(error) && !isDenied((error as Error).cause)) return diskError(error, `read ${what}`)
  return new WindfallError("invalid_input", `Cannot read ${what}: permission denied`, {
    hint: "Change its mode, or keep it home with a line in .windfallignore",
    cause: error,
  })
}

function isDenied(error: unknown): boolean {
  const code = errorCode(error)
  return code === "EACCES" || code === "EPERM"
}

/** The names in a folder, in order. A folder below that is gone by now counts as empty. */
function readNames(absolute: string, folder: string, onSpecial: OnSpecial): string[] {
  let names: string[]
  try {
    names = fs.readdirSync(absolute)
  } catch (error) {
    if (folder !== "" && errorCode(error) === "ENOENT") return []
    throw readError(error, `the folder ${folder === "" ? absolute : folder}`)
  }
  // Bytes that are not UTF-8 come as U+FFFD, which is also a character a name may hold: only the bytes tell them apart.
  if (names.some((name) => name.includes("\ufffd"))) {
    names = []
    for (const bytes of fs.readdirSync(absolute, { encoding: "buffer" })) {
      const name = bytes.toString()
      if (bytes.equals(Buffer.from(name))) names.push(name)
      else onSpecial?.(joinPath(folder, bytes.toString("latin1")), "name")
    }
  }
  // Sorting without a comparison of one's own is several times quicker, and right unless there are surrogates.
  names.sort()
  return names.some((name) => BEYOND_SURROGATES.test(name)) ? names.sort(compareNames) : names
}

const BEYOND_SURROGATES = /[\ud800-\uffff]/

type OnSpecial = WalkOptions<never, never>["onSpecial"]

/** `undefined` when its target is not valid UTF-8. */
function readLink(
  absolute: string,
  name: string,
  stat: fs.Stats,
  last: EntryRecord | undefined,
): LinkRecord | undefined {
  if (last?.kind === "link" && last.ino === stat.ino && last.ctimeMs === stat.ctimeMs) return last
  const bytes = fs.readlinkSync(absolute, { encoding: "buffer" })
  const target = bytes.toString()
  if (!bytes.equals(Buffer.from(target))) return undefined
  return { kind: "link", name, target, ino: stat.ino, ctimeMs: stat.ctimeMs }
}

function kindOf(stat: fs.Stats): Kind {
  if (stat.isFile()) return "file"
  if (stat.isDirectory()) return "folder"
  if (stat.isSymbolicLink()) return "link"
  if (stat.isSocket()) return "socket"
  return stat.isFIFO() ? "pipe" : "device"
}
