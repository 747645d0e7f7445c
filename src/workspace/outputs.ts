/** What a job made or changed in its workspace. */
import type { BlobHash } from "../protocol/ids.ts"
import { isOutputCache } from "./built-in-rules.ts"
import { type EntryRecord, type FolderRecord, isSameEntry, recordFolder } from "./folder-record.ts"
import { type WalkFilter, walkFolder } from "./folder-walk.ts"
import { IncludeList } from "./include-list.ts"
import { leadsToData } from "./leads-to-data.ts"
import { joinPath } from "./safe-path.ts"
import { type LeftOut, ScannedTree } from "./scanned-tree.ts"
import type { BlobSource } from "./sources.ts"
import type { StatIndex } from "./stat-index.ts"
import { unmatched } from "./unmatched.ts"

export interface CollectOptions {
  /** What `--output` names: paths or globs, relative to the workspace. `null`: all that was made or changed, but for caches. */
  readonly globs?: readonly string[] | null | undefined
  /**
   * Data that the job had: links to it are no outputs, those that were put there as little as any that the job made or moved;
   * nor are folders that were made to hold them.
   */
  readonly data?: readonly SeenData[] | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: { readonly files: number; readonly hashedBytes: number }) => void) | undefined
}

/** Where a job saw data, and where that lies on the host. */
export interface SeenData {
  /** In the workspace. */
  readonly path: string
  /** Absolute. */
  readonly target: string
}

export interface CollectedOutputs {
  /** The root of a tree of just the outputs; `null` when there are none. */
  readonly tree: BlobHash | null
  readonly trees: ReadonlyMap<BlobHash, Uint8Array>
  readonly sources: ReadonlyMap<BlobHash, BlobSource>
  readonly files: number
  readonly bytes: number
  /** What could not or should not come: caches, sockets, names that are not UTF-8, what another account closed. */
  readonly leftOut: readonly LeftOut[]
  /** Those of `globs` that match nothing there at all, changed or not. */
  readonly unmatched: readonly string[]
}

/**
 * Finds what a job made or changed in `work` since it was handed over as `index` says. Reads only files whose numbers
 * changed, and of these only what is asked for. What the job removed is not told. Files and folders that the job closed to
 * itself are opened to be read, and come home so: one of them must not cost all the others, nor block the next send.
 * @throws {WindfallError} when the disk fails
 */
export async function collectOutputs(
  work: string,
  index: StatIndex,
  options: CollectOptions = {},
): Promise<CollectedOutputs> {
  const wanted = options.globs ? new IncludeList(options.globs) : undefined
  const leftOut: LeftOut[] = []
  const now = await walkFolder(work, index.record, {
    filter: withoutData(wanted === undefined ? WITHOUT_CACHES : onlyWanted(wanted), work, options.data ?? []),
    unlock: true,
    trustBeforeMs: index.takenAtMs,
    signal: options.signal,
    onProgress: options.onProgress,
    onLeftOut: (path, kind, verdict) => {
      if (verdict.why === "never") leftOut.push({ path, kind, ...verdict, source: "built in" })
    },
    onSpecial: (path, kind) => leftOut.push({ path, kind, why: "special", rule: kind, source: "built in" }),
  })
  const changed = onlyChanged(now, index.record)
  const said = { leftOut, unmatched: await unmatched(options.globs ?? [], now, options.signal) }
  if (changed === undefined) return { tree: null, trees: new Map(), sources: new Map(), files: 0, bytes: 0, ...said }
  const { trees, sources } = new ScannedTree(work, changed, leftOut)
  return { tree: changed.hash, trees, sources, files: changed.files, bytes: changed.bytes, ...said }
}

interface Place {
  readonly folder: string
  /** Never that of a record made otherwise, so that every path is decided about. */
  readonly fingerprint: string
}
interface Verdict {
  readonly why: "never" | "ignored"
  readonly rule: string
}

/** Of a folder that is itself an output, also when nothing is in it. */
const WANTED = "outputs: all in here"
/** Of a folder that is looked through for outputs. */
const PASSED = "outputs: some in here"

const WITHOUT_CACHES: WalkFilter<Place, Verdict> = {
  top: () => ({ folder: "", fingerprint: WANTED }),
  enter: (parent, name) => ({ folder: joinPath(parent.folder, name), fingerprint: WANTED }),
  decide: (_, name) => (isOutputCache(name) ? { why: "never", rule: name, enterFor: false } : undefined),
}

function onlyWanted(wanted: IncludeList): WalkFilter<Place, Verdict> {
  return {
    top: () => ({ folder: "", fingerprint: PASSED }),
    enter: (parent, name, verdict) => ({
      folder: joinPath(parent.folder, name),
      fingerprint: verdict === undefined ? WANTED : PASSED,
    }),
    decide: (place, name, isFolder) => {
      if (name === ".git") return { why: "never", rule: name, enterFor: false }
      const path = joinPath(place.folder, name)
      if (place.fingerprint === WANTED || wanted.covers(path)) return undefined
      return { why: "ignored", rule: "--output", enterFor: isFolder && wanted.reachesBelow(path) }
    },
  }
}

/** Leaves out links to data, and folders that only hold such links. */
function withoutData(
  filter: WalkFilter<Place, Verdict>,
  work: string,
  data: readonly SeenData[],
): WalkFilter<Place, Verdict> {
  if (data.length === 0) return filter
  const leads = leadsToData(work, data)
  return {
    ...filter,
    enter: (parent, name, verdict, names) => {
      const place = filter.enter(parent, name, verdict, names)
      return data.some(({ path }) => path.startsWith(`${place.folder}/`)) ? { ...place, fingerprint: PASSED } : place
    },
    decide: (place, name, isFolder) =>
      !isFolder && leads(joinPath(place.folder, name))
        ? { why: "ignored", rule: "--data", enterFor: false }
        : filter.decide(place, name, isFolder),
  }
}

function onlyChanged(now: FolderRecord, sent: FolderRecord | undefined): FolderRecord | undefined {
  if (now === sent) return undefined
  const before = new Map(sent?.entries.map((entry) => [entry.name, entry]))
  const entries: EntryRecord[] = []
  for (const entry of now.entries) {
    const last = before.get(entry.name)
    if (entry.kind !== "folder") {
      if (!isSameEntry(entry, last)) entries.push(entry)
      continue
    }
    const folder = onlyChanged(entry, last?.kind === "folder" ? last : undefined)
    if (folder !== undefined) entries.push(folder)
  }
  // Whether it is wanted was found out on the walk: globs may be slow, and here nobody else is let run.
  if (entries.length === 0 && !(sent === undefined && now.fingerprint === WANTED)) return undefined
  return recordFolder(now.name, now.mode, entries, "")
}
