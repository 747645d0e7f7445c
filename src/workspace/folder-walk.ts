/**
 * Walks a folder on disk and records it, reading only files that changed since `previous`. Never follows a link. Used by the
 * sender for what travels and by the host for what a job made.
 */
import * as fs from "node:fs"
import { diskError, errorCode } from "./disk-error.ts"
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
  top(names: ReadonlySet<string>): Context
  enter(parent: Context, name: string, verdict: Verdict | undefined, names: ReadonlySet<string>): Context
  /** `undefined`: it is walked. A folder with `enterFor` is walked too. */
  decide(context: Context, name: string, isFolder: boolean): (Verdict & { readonly enterFor: boolean }) | undefined
}

export type SpecialKind = "socket" | "pipe" | "device" | "name"

export interface WalkOptions<Context extends { readonly fingerprint: string }, Verdict> {
  readonly filter: WalkFilter<Context, Verdict>
  /** Files changed at this time (wall clock) or shortly before it are read even if `previous` has their numbers. */
  readonly trustBeforeMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** How long the event loop may be held. @default 10 */
  readonly sliceMs?: number | undefined
  readonly onProgress?: ((progress: WalkProgress) => void) | undefined
  readonly onLeftOut?: ((path: string, kind: "file" | "folder" | "link", verdict: Verdict) => void) | undefined
  /** Something that cannot travel at all; `name`: its name is not valid UTF-8. */
  readonly onSpecial?: ((path: string, kind: SpecialKind) => void) | undefined
}

export interface WalkProgress {
  readonly files: number
  /** Bytes of files that had to be read so far. */
  readonly hashedBytes: number
}

type Kind = "file" | "folder" | "link" | Exclude<SpecialKind, "name">

/** @throws {WindfallError} for what cannot be read: nothing is left out silently */
export async function walkFolder<Context extends { readonly fingerprint: string }, Verdict>(
  root: string,
  previous: FolderRecord | undefined,
  options: WalkOptions<Context, Verdict>,
): Promise<FolderRecord> {
  const { filter, onLeftOut, onSpecial, onProgress } = options
  const slices = new Slices(options.sliceMs ?? 10, options.signal)
  const trustBeforeMs = options.trustBeforeMs ?? Number.POSITIVE_INFINITY
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
    contextOf: (names: ReadonlySet<string>) => Context,
    before: FolderRecord | undefined,
  ): Promise<FolderRecord> => {
    const absolute = joinPath(root, folder)
    const dirents = readFolder(absolute, folder, onSpecial)
    const context = contextOf(new Set(dirents.map((dirent) => dirent.name)))
    // With the rules unchanged, what travelled last time does so again: no pattern has to be tried.
    const sameRules = before?.fingerprint === context.fingerprint
    const known = before?.entries ?? []
    const entries: EntryRecord[] = []
    let next = 0
    for (const dirent of dirents) {
      if (slices.spent) await breathe()
      while (next < known.length && compareNames(known[next]!.name, dirent.name) < 0) next++
      const last = known[next]?.name === dirent.name ? known[next] : undefined
      const path = joinPath(folder, dirent.name)
      let kind = kindOf(dirent)
      let stat: fs.Stats | undefined
      if (kind !== "folder" || !sameRules) {
        stat = fs.lstatSync(`${absolute}/${dirent.name}`, { throwIfNoEntry: false })
        if (stat === undefined) continue // gone since the folder was read
        kind = kindOf(stat)
      }
      if (kind !== "file" && kind !== "folder" && kind !== "link") {
        onSpecial?.(path, kind)
        continue
      }
      const skip = sameRules && last?.kind === kind && kind !== "folder"
      const verdict = skip ? undefined : filter.decide(context, dirent.name, kind === "folder")
      if (verdict !== undefined) {
        if (!verdict.enterFor || kind !== "folder") {
          onLeftOut?.(path, kind, verdict)
          continue
        }
      }
      if (kind === "folder") {
        stat ??= fs.lstatSync(`${absolute}/${dirent.name}`, { throwIfNoEntry: false })
        if (stat === undefined) continue
        const below = (names: ReadonlySet<string>): Context => filter.enter(context, dirent.name, verdict, names)
        const lastFolder = last?.kind === "folder" ? last : undefined
        entries.push(await walk(path, dirent.name, stat.mode & 0o777, below, lastFolder))
      } else if (kind === "link") {
        const link = readLink(`${absolute}/${dirent.name}`, dirent.name, stat!, last, path, onSpecial)
        if (link !== undefined) entries.push(link)
      } else {
        files++
        if (last?.kind === "file" && isUnchanged(last, stat!) && !isFresh(last, trustBeforeMs)) {
          entries.push(last)
          continue
        }
        const record = await hashEntry(`${absolute}/${dirent.name}`, dirent.name, path)
        if (record !== undefined) entries.push(record)
      }
    }
    return recordFolder(name, mode, entries, context.fingerprint, before)
  }

  const hashEntry = async (absolute: string, name: string, path: string): Promise<FileRecord | undefined> => {
    try {
      const small = hashSmallFile(absolute, name)
      if (small !== undefined) {
        hashedBytes += small.bytes
        return small
      }
      return await hashFile(absolute, name, path, slices, (bytes) => {
        hashedBytes += bytes
      })
    } catch (error) {
      if (errorCode(error) === "ENOENT" && fs.lstatSync(absolute, { throwIfNoEntry: false }) === undefined)
        return undefined
      throw diskError(error, `read ${path}`)
    }
  }

  const record = await walk("", "", 0o700, (names) => filter.top(names), previous)
  onProgress?.({ files, hashedBytes })
  return record
}

function readFolder(absolute: string, folder: string, onSpecial: WalkOptions<never, never>["onSpecial"]): fs.Dirent[] {
  let dirents: fs.Dirent[]
  try {
    dirents = fs.readdirSync(absolute, { withFileTypes: true })
  } catch (error) {
    throw diskError(error, `read the folder ${folder === "" ? absolute : folder}`)
  }
  // Bytes that are not UTF-8 come as U+FFFD, which is also a character a name may hold: only the bytes tell them apart.
  if (dirents.some((dirent) => dirent.name.includes("\ufffd"))) {
    const valid = new Set<string>()
    for (const bytes of fs.readdirSync(absolute, { encoding: "buffer" })) {
      if (bytes.equals(Buffer.from(bytes.toString()))) valid.add(bytes.toString())
      else onSpecial?.(joinPath(folder, bytes.toString("latin1")), "name")
    }
    dirents = dirents.filter((dirent) => valid.has(dirent.name))
  }
  return dirents.sort((a, b) => compareNames(a.name, b.name))
}

function readLink(
  absolute: string,
  name: string,
  stat: fs.Stats,
  last: EntryRecord | undefined,
  path: string,
  onSpecial: WalkOptions<never, never>["onSpecial"],
): LinkRecord | undefined {
  if (last?.kind === "link" && last.ino === stat.ino && last.ctimeMs === stat.ctimeMs) return last
  const bytes = fs.readlinkSync(absolute, { encoding: "buffer" })
  const target = bytes.toString()
  if (!bytes.equals(Buffer.from(target))) {
    onSpecial?.(path, "name")
    return undefined
  }
  return { kind: "link", name, target, ino: stat.ino, ctimeMs: stat.ctimeMs }
}

function kindOf(found: fs.Dirent | fs.Stats): Kind {
  if (found.isFile()) return "file"
  if (found.isDirectory()) return "folder"
  if (found.isSymbolicLink()) return "link"
  if (found.isSocket()) return "socket"
  return found.isFIFO() ? "pipe" : "device"
}
