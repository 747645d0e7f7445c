import * as fs from "node:fs"
import type { Clock } from "../base/clock.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash, JobId } from "../protocol/ids.ts"
import { measureTree } from "./diff.ts"
import { diskError, errorCode } from "./disk-error.ts"
import { type FetchBlobs, FetchedObjects, MOST_A_FETCH } from "./fetch-trees.ts"
import type { FolderRecord } from "./folder-record.ts"
import { makeFolder, placeFile, placeLink } from "./home-files.ts"
import { type HomeFile, type HomePlan, planHome, type SetAside } from "./home-plan.ts"
import { readPack } from "./pack.ts"
import { PartFiles } from "./part-files.ts"
import { PartFolder } from "./part-folder.ts"
import { joinPath } from "./safe-path.ts"
import { Slices } from "./slices.ts"
import { decodeChunkList, decodeTree, encodeTree } from "./tree.ts"

export interface BringHomeOptions {
  readonly fetch: FetchBlobs
  /** Names what is set aside: `model.pt.17`. */
  readonly job: JobId
  /**
   * What was sent: the tree's root, to be fetched where outputs are, or the record of the scan. `null`: then every file here
   * that differs counts as changed here.
   */
  readonly base: BlobHash | FolderRecord | null
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: HomeProgress) => void) | undefined
  /** Called before it waits for another transfer of this job to the same folder. */
  readonly onWait?: (() => void) | undefined
  /** @default the machine's own */
  readonly clock?: Clock | undefined
}

export interface HomeProgress {
  /** What is here, of what has to come. Files that were here already are in neither. */
  readonly bytes: number
  readonly totalBytes: number
  readonly files: number
  readonly totalFiles: number
}

export interface BroughtHome {
  /** Paths written, relative to the folder; what was set aside under the name it got. */
  readonly written: readonly string[]
  /** Was here already, the same. */
  readonly kept: readonly string[]
  /** Changed here meanwhile, or of another kind in the job, so the job's version stands beside it. */
  readonly setAside: readonly SetAside[]
  /** Not written at all, and why; what waits can come home to another folder. */
  readonly refused: readonly { readonly path: string; readonly reason: string; readonly waits: boolean }[]
  /** Files and folders that where outputs are kept are damaged or gone. */
  readonly lost: readonly string[]
  readonly bytes: number
}

/**
 * Brings the outputs in `tree` home into the existing folder `into`. A file that changed here since it was sent is never
 * overwritten. What is here with the right content is not fetched; after a break, calling it again goes on where it was. Two
 * at once, in this or another process, fetch one after the other.
 * What the other side lacks is named in `lost`, and the rest comes. Nothing is written outside `into`, through a link or into
 * git's folder, whatever the tree says.
 * @throws {WindfallError} blobs_missing when not even `tree` can be had, corrupt_data, unsafe_path, disk_full
 */
export async function bringHome(tree: BlobHash, into: string, options: BringHomeOptions): Promise<BroughtHome> {
  const { job, signal } = options
  const slices = new Slices(20, signal)
  const home = realHome(into)
  const objects = new FetchedObjects(options.fetch, signal)
  await objects.getTree(tree)
  measureTree(tree, objects.tryRead)
  const { base } = options
  if (typeof base === "string") await getSentTrees(tree, base, objects)
  else if (base !== null) addSentTrees(tree, base, objects)
  const baseHash = typeof base === "string" ? base : (base?.hash ?? null)
  const plan = (): Promise<HomePlan> => planHome(tree, baseHash, home, job, objects, slices)
  for (;;) {
    const first = await plan()
    const toDo = first.files.length + first.folders.length + first.links.length + first.modes.length
    if (toDo === 0 && !PartFolder.isAny(home, job)) return fromPlan(first)
    const folder = await PartFolder.take(home, job, options)
    try {
      const came = await carryOut(folder.hasWaited ? await plan() : first, home, folder, objects, options, slices)
      folder.remove()
      return came
    } catch (error) {
      // Frozen for long, it was taken for dead: whoever has the folder now goes on, or has ended.
      if (!folder.isOurs && signal?.aborted !== true && fs.existsSync(home)) continue
      folder.release()
      throw error
    }
  }
}

/** When nothing is to do. */
function fromPlan({ kept, setAside, refused, lost }: HomePlan): BroughtHome {
  return { written: [], kept, setAside, refused, lost, bytes: 0 }
}

async function carryOut(
  plan: HomePlan,
  home: string,
  folder: PartFolder,
  objects: FetchedObjects,
  options: BringHomeOptions,
  slices: Slices,
): Promise<BroughtHome> {
  const { job } = options
  await objects.get(plan.files.filter(({ entry }) => entry.chunked).map(({ entry }) => entry.hash))
  const written: string[] = []
  const lost = [...plan.lost]
  const setAside = [...plan.setAside]
  for (const { path } of plan.folders) makeFolder(joinPath(home, path))
  const placed = new Set<HomeFile>()
  const bytes = await bringFiles(plan, home, folder.path, objects, options, slices, (file, as) => {
    placed.add(file)
    written.push(as)
    if (as !== file.path) setAside.push({ path: file.path, as })
  })
  for (const file of plan.files) if (!placed.has(file)) lost.push(file.path)
  for (const link of plan.links) {
    const as = placeLink(home, link, job)
    written.push(as)
    if (as !== link.path) setAside.push({ path: link.path, as })
  }
  for (const { path, mode } of plan.modes) fs.chmodSync(joinPath(home, path), mode)
  for (const { path, mode } of plan.folders.reverse()) fs.chmodSync(joinPath(home, path), mode)
  return { written, kept: plan.kept, setAside, refused: plan.refused, lost, bytes }
}

function realHome(into: string): string {
  try {
    const home = fs.realpathSync(into)
    if (fs.statSync(home).isDirectory()) return home
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw diskError(error, `open ${into}`)
  }
  throw new WindfallError("file_not_found", `Cannot bring outputs home to ${into}: there is no such folder`)
}

/** The trees of what was sent, where outputs are; where they cannot be had, nothing here counts as unchanged. */
async function getSentTrees(tree: BlobHash, base: BlobHash, objects: FetchedObjects): Promise<void> {
  try {
    for (let level = [{ tree, base }]; level.length > 0; ) {
      await objects.get(level.map((pair) => pair.base))
      level = level.flatMap((pair) => {
        if (!objects.has(pair.base)) return []
        const sent = new Map(decodeTree(objects.read(pair.base)).map((entry) => [entry.name, entry]))
        const made = objects.tryRead(pair.tree)
        return (made === undefined ? [] : decodeTree(made)).flatMap((entry) => {
          const last = sent.get(entry.name)
          return entry.kind === "folder" && last?.kind === "folder" ? [{ tree: entry.hash, base: last.hash }] : []
        })
      })
    }
  } catch (error) {
    if (!(error instanceof WindfallError) || !UNAVAILABLE.has(error.code)) throw error
  }
}

/** The same from a record: nothing to fetch. */
function addSentTrees(tree: BlobHash, sent: FolderRecord, objects: FetchedObjects): void {
  const bytes = objects.tryRead(tree)
  const outputs = bytes === undefined ? [] : decodeTree(bytes)
  objects.add(sent.hash, encodeTree(sent.entries))
  const folders = new Map(sent.entries.map((entry) => [entry.name, entry]))
  for (const entry of outputs) {
    const last = folders.get(entry.name)
    if (entry.kind === "folder" && last?.kind === "folder") addSentTrees(entry.hash, last, objects)
  }
}

const UNAVAILABLE: ReadonlySet<string> = new Set(["blobs_missing", "file_not_found", "job_not_found", "not_allowed"])

/** Returns the bytes of what was placed. What the other side leaves out is not. */
async function bringFiles(
  plan: HomePlan,
  home: string,
  folder: string,
  objects: FetchedObjects,
  options: BringHomeOptions,
  slices: Slices,
  onPlaced: (file: HomeFile, as: string) => void,
): Promise<number> {
  if (plan.files.length === 0) return 0
  const byContent = new Map<BlobHash, HomeFile[]>()
  let totalBytes = 0
  for (const file of plan.files) {
    const same = byContent.get(file.entry.hash)
    if (same !== undefined) same.push(file)
    else {
      byContent.set(file.entry.hash, [file])
      totalBytes += file.entry.bytes
    }
  }
  let bytes = 0
  let placedBytes = 0
  let files = 0
  const report = (): void => options.onProgress?.({ bytes, totalBytes, files, totalFiles: plan.files.length })
  const parts = new PartFiles(folder, async (hash, part) => {
    const same = byContent.get(hash) ?? []
    for (const [i, file] of same.entries()) {
      let from = part
      if (i < same.length - 1) {
        from = `${part}.copy`
        fs.rmSync(from, { force: true })
        await fs.promises.copyFile(part, from, fs.constants.COPYFILE_FICLONE)
      }
      fs.chmodSync(from, file.entry.mode)
      onPlaced(file, await placeFile(home, file, from, options.job, slices))
      files++
    }
    placedBytes += same[0]?.entry.bytes ?? 0
    report()
  })
  for (const [first] of byContent.values()) {
    const { entry } = first!
    if (!entry.chunked) {
      bytes += await parts.add(entry, null, slices)
      continue
    }
    const list = objects.tryRead(entry.hash)
    if (list !== undefined) bytes += await parts.add(entry, decodeChunkList(list, entry.bytes), slices)
  }
  report()
  const wanted = parts.wanted
  for (let at = 0; at < wanted.length; at += MOST_A_FETCH) {
    const pack = options.fetch(wanted.slice(at, at + MOST_A_FETCH), { signal: options.signal })
    await readPack(counted(pack), parts, { signal: options.signal })
  }
  async function* counted(pack: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pack) {
      bytes = Math.min(totalBytes, bytes + piece.length)
      yield piece
      report()
    }
  }
  return placedBytes
}
