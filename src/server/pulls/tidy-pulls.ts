import { existsSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import type { BlobHash } from "../../protocol/ids.ts"
import { CHUNK_BYTES, decodeChunkList } from "../../workspace/tree.ts"
import type { Core } from "../core.ts"
import { KEEP_LOOSE_BLOBS_MS } from "../limits.ts"
import { partFolder } from "./content-writer.ts"

/** How long it is told what was fetched, and why not. */
const KEEP_PULLS_MS = 30 * 86_400_000

/** Lets go of what has come of models that nobody fetches any more. Within a change. */
export function trimPulls(core: Core): void {
  const now = core.clock.now()
  const { pulls } = core.store
  pulls.trim(now - KEEP_PULLS_MS)
  if (pulls.list().some(({ state }) => state === "pulling")) return
  pulls.trimChunks(now - KEEP_LOOSE_BLOBS_MS)
  const folder = partFolder(core)
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const made = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? now
    if (made < now - KEEP_LOOSE_BLOBS_MS) rmSync(join(folder, name), { force: true })
  }
}

/** The blobs of a user that belong to what is on its way: no data names them yet. */
export function blobsOnTheWay(core: Core, user: string): Set<BlobHash> {
  const kept = new Set<BlobHash>()
  const { pulls } = core.store
  if (!pulls.list().some((one) => one.state === "pulling" && one.user === user)) return kept
  const { blobs } = core.blobs.of(user)
  for (const blob of pulls.chunksOf(user)) kept.add(blob)
  for (const { blob, bytes } of pulls.knownOf(user)) {
    kept.add(blob)
    const list = bytes > CHUNK_BYTES ? blobs.readIfSound(blob) : undefined
    if (list !== undefined) for (const chunk of decodeChunkList(list, bytes)) kept.add(chunk)
  }
  return kept
}
