import { createHash } from "node:crypto"
import { constants, copyFileSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import type { BlobHash } from "../../protocol/ids.ts"
import { contentOf, type PulledFile } from "../../store/pull-record.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import { openSound } from "../../workspace/damage.ts"
import { diskError } from "../../workspace/disk-error.ts"
import { CHUNK_BYTES, decodeChunkList, decodeTree, type FileEntry } from "../../workspace/tree.ts"
import type { Core } from "../core.ts"
import { partFolder } from "./content-writer.ts"

/** Models lie flat, or nearly. */
const MOST_FOLDERS = 1_000

/**
 * Looks for a file's content in what this person has, or what others share with everybody, so that it need not come again: what was
 * fetched before, and what a folder brought, which has to be read for that. What others share is copied.
 * @returns its blob, or that of its chunk list
 */
export async function findContent(
  core: Core,
  user: string,
  file: PulledFile,
  signal: AbortSignal,
): Promise<BlobHash | undefined> {
  const known = knownBlob(core, user, file)
  if (known !== undefined) return known
  if (file.hash.kind !== "sha256" || file.bytes === 0) return undefined
  for (const { owner, entry } of candidates(core, user, file)) {
    signal.throwIfAborted()
    const theirs = core.blobs.of(owner).blobs
    if ((await sha256Of(theirs, entry, signal)) !== file.hash.hex) continue
    if (owner !== user) await copy(core, theirs, core.blobs.of(user).blobs, entry)
    await core.ledger.change(() => core.store.pulls.putKnown(user, contentOf(file), file.bytes, entry.hash))
    return entry.hash
  }
  return undefined
}

/** Of what is known to be here, and is. */
export function knownBlob(core: Core, user: string, file: PulledFile): BlobHash | undefined {
  const { blobs } = core.blobs.of(user)
  const known = core.store.pulls.known(user, contentOf(file))
  if (known?.bytes === file.bytes && isWhole(blobs, known.blob, file.bytes)) return known.blob
  const own = file.hash.hex as BlobHash
  const isOneBlob = file.hash.kind === "sha256" && file.bytes <= CHUNK_BYTES
  return isOneBlob && blobs.bytesOf(own) === file.bytes ? own : undefined
}

function isWhole(blobs: BlobFolder, blob: BlobHash, bytes: number): boolean {
  if (bytes <= CHUNK_BYTES) return blobs.bytesOf(blob) === bytes
  const list = blobs.readIfSound(blob)
  return list !== undefined && blobs.missing(decodeChunkList(list, bytes)).length === 0
}

/** Files of the same length, one's own first. */
function* candidates(
  core: Core,
  user: string,
  file: PulledFile,
): Generator<{ readonly owner: string; readonly entry: FileEntry }> {
  const data = core.store.data.list().filter((one) => one.user === user || one.shared)
  const seen = new Set<string>()
  for (const { user: owner, versions } of data.sort((a, b) => Number(b.user === user) - Number(a.user === user))) {
    const { blobs } = core.blobs.of(owner)
    const waiting: BlobHash[] = versions.map(({ root }) => root)
    for (let folders = 0; waiting.length > 0 && folders < MOST_FOLDERS; folders++) {
      const bytes = blobs.readIfSound(waiting.pop() as BlobHash)
      for (const entry of bytes === undefined ? [] : decodeTree(bytes)) {
        if (entry.kind === "folder") waiting.push(entry.hash)
        if (entry.kind !== "file" || entry.bytes !== file.bytes || seen.has(`${owner} ${entry.hash}`)) continue
        seen.add(`${owner} ${entry.hash}`)
        // Of a file in one blob the name says what is in it.
        if (entry.chunked || entry.hash === file.hash.hex) yield { owner, entry }
      }
    }
  }
}

/** `undefined` where some of it is damaged or gone. */
async function sha256Of(blobs: BlobFolder, entry: FileEntry, signal: AbortSignal): Promise<string | undefined> {
  const hash = createHash("sha256")
  try {
    for (const chunk of chunksOf(blobs, entry))
      for await (const piece of openSound(blobs, chunk, { signal })) hash.update(piece)
    return hash.digest("hex")
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

function chunksOf(blobs: BlobFolder, { chunked, hash, bytes }: FileEntry): readonly BlobHash[] {
  return chunked ? decodeChunkList(blobs.readSync(hash), bytes) : [hash]
}

/** Where the file system can, both have the same bytes on the disk. */
async function copy(core: Core, from: BlobFolder, to: BlobFolder, entry: FileEntry): Promise<void> {
  const { chunked, hash } = entry
  mkdirSync(partFolder(core), { recursive: true, mode: 0o700 })
  for (const blob of new Set([...chunksOf(from, entry), ...(chunked ? [hash] : [])])) {
    if (to.has(blob)) continue
    const path = join(partFolder(core), `copy-${blob}`)
    try {
      copyFileSync(from.path(blob), path, constants.COPYFILE_FICLONE)
    } catch (error) {
      throw diskError(error, "copy what is shared already")
    }
    to.adopt(blob, from.bytesOf(blob) ?? 0, path)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await to.flush()
}
