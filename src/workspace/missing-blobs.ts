/** Finds out which blobs of a scanned folder the other side lacks, asking as little as possible, and packs them. */
import { invariant } from "../base/invariant.ts"
import type { BlobHash } from "../protocol/ids.ts"
import type { FolderRecord } from "./folder-record.ts"
import type { PackBlob } from "./pack.ts"
import type { ScannedTree } from "./scanned-tree.ts"
import { bytesBlob, sourceBlob } from "./sources.ts"

/** Answers which of these the other side lacks. */
export type AskMissing = (hashes: readonly BlobHash[]) => Promise<readonly BlobHash[]>

export interface MissingOptions {
  /** Ask about every single hash. */
  readonly thorough?: boolean
  /**
   * A difference to the last scan of no more than this is not asked about: to send it is cheaper than a question. Where the
   * other side does not have the last scan's tree after all, that turns out when it is to use this one.
   */
  readonly unaskedBytes?: number
}

/** The API takes no more a call. */
const MOST_A_CALL = 100_000
/** With no more than this new since the last scan, all of it is asked about at once. */
const FEW = 2000

/**
 * The blobs to send so that the other side has the whole tree, files first and each tree object after all it names, so that a
 * tree object that arrived means everything below it did.
 *
 * Usually one question: is the last scan's tree there, and what of the difference? Else level by level, from the top: what
 * lies below a tree object the other side has, it has. Where that turned out wrong (it lost a file but not the folder), ask
 * with `thorough`: then about every single hash.
 */
export async function missingBlobs(
  scanned: ScannedTree,
  ask: AskMissing,
  options: MissingOptions = {},
): Promise<PackBlob[]> {
  if (options.thorough) {
    return packBlobs(scanned, await askAll(new Set([...scanned.trees.keys(), ...scanned.sources.keys()]), ask))
  }
  const before = scanned.previous
  if (before !== undefined && before.hash !== scanned.root) {
    const fresh = newSince(before, scanned.record)
    if (fresh.size <= FEW) {
      const difference = packBlobs(scanned, fresh)
      if (difference.reduce((sum, { bytes }) => sum + bytes, 0) <= (options.unaskedBytes ?? 0)) return difference
      const missing = new Set(await ask([before.hash, ...fresh]))
      if (!missing.has(before.hash)) return packBlobs(scanned, missing)
    }
  }
  const lacking = new Set<BlobHash>()
  let level = [scanned.record]
  while (level.length > 0) {
    const hashes = new Set<BlobHash>()
    for (const folder of level) hashes.add(folder.hash)
    const missing = await askAll(hashes, ask)
    const next: FolderRecord[] = []
    const files = new Set<BlobHash>()
    for (const folder of level) {
      if (!missing.has(folder.hash) || lacking.has(folder.hash)) continue
      lacking.add(folder.hash)
      for (const entry of folder.entries) {
        if (entry.kind === "folder") next.push(entry)
        if (entry.kind !== "file") continue
        files.add(entry.hash)
        for (const chunk of entry.chunks ?? []) files.add(chunk)
      }
    }
    for (const hash of await askAll(files, ask)) lacking.add(hash)
    level = next
  }
  return packBlobs(scanned, lacking)
}

/** These blobs of a scanned folder, in the order in which they should travel. */
export function packBlobs(scanned: ScannedTree, hashes: ReadonlySet<BlobHash>): PackBlob[] {
  if (hashes.size === 0) return []
  const { trees, sources } = scanned.blobsOf(hashes)
  // A file with the very bytes of a tree object needs no second copy.
  for (const hash of trees.keys()) sources.delete(hash)
  invariant(trees.size + sources.size === hashes.size, "asked for a blob that is not in the scanned folder")
  const files = Array.from(sources, ([hash, source]) => sourceBlob(hash, source))
  return [...files, ...Array.from(trees, ([hash, bytes]) => bytesBlob(hash, bytes)).reverse()]
}

function newSince(before: FolderRecord, after: FolderRecord, found = new Set<BlobHash>()): Set<BlobHash> {
  if (before.hash === after.hash || found.size > FEW) return found
  found.add(after.hash)
  const known = new Map(before.entries.map((entry) => [entry.name, entry]))
  for (const entry of after.entries) {
    const last = known.get(entry.name)
    if (entry.kind === "folder") newSince(last?.kind === "folder" ? last : NOTHING, entry, found)
    if (entry.kind !== "file" || (last?.kind === "file" && last.hash === entry.hash)) continue
    found.add(entry.hash)
    for (const chunk of entry.chunks ?? []) found.add(chunk)
  }
  return found
}

const NOTHING = { hash: "" as BlobHash, entries: [] as FolderRecord["entries"] } as FolderRecord

async function askAll(hashes: ReadonlySet<BlobHash>, ask: AskMissing): Promise<Set<BlobHash>> {
  const all = [...hashes]
  const missing = new Set<BlobHash>()
  for (let at = 0; at < all.length; at += MOST_A_CALL) {
    for (const hash of await ask(all.slice(at, at + MOST_A_CALL))) missing.add(hash)
  }
  return missing
}
