import { formatBytes } from "../../base/bytes.ts"
import type { BlobsMissingAnswer, BlobsMissingRequest, BlobsStored } from "../../protocol/api.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { encodePack } from "../../workspace/pack.ts"
import type { Cli } from "../cli.ts"
import { Progress } from "../render/progress.ts"
import type { TravellingBlob } from "./changed-blobs.ts"

/** The API's limit on one question. */
const ASK_AT_ONCE = 100_000
/** One pack is stored before the next is sent, so that a break costs no more than this. */
const PACK_BYTES = 64 * 1024 * 1024
const PACK_BLOBS = 20_000

/** Which of the blobs the server lacks, in their order. */
export async function missingBlobs(cli: Cli, blobs: ReadonlyMap<BlobHash, TravellingBlob>): Promise<TravellingBlob[]> {
  const hashes = [...blobs.keys()]
  const missing: TravellingBlob[] = []
  for (let at = 0; at < hashes.length; at += ASK_AT_ONCE) {
    const request: BlobsMissingRequest = { hashes: hashes.slice(at, at + ASK_AT_ONCE) }
    const answer = await cli.client.post<BlobsMissingAnswer>("/v1/blobs/missing", request)
    const lacking = new Set(answer.missing)
    for (const hash of request.hashes) {
      const blob = blobs.get(hash)
      if (blob !== undefined && lacking.has(hash)) missing.push(blob)
    }
  }
  return missing
}

/**
 * Sends blobs, with a bar on a terminal when it takes long. What has arrived stays there: called again after a break, only
 * the rest is missing. @throws {WindfallError} `wrong_state` when a file changed since it was scanned
 */
export async function uploadBlobs(cli: Cli, blobs: readonly TravellingBlob[], signal?: AbortSignal): Promise<void> {
  const totalBytes = blobs.reduce((sum, blob) => sum + blob.bytes, 0)
  const progress = new Progress({ out: cli.stderr, clock: cli.clock, what: "windfall: sending", totalBytes })
  try {
    for (const pack of packsOf(blobs)) {
      let broken: unknown
      const bytes = async function* () {
        try {
          yield* encodePack(pack)
        } catch (error) {
          broken = error
          throw error
        }
      }
      try {
        await cli.client.upload<BlobsStored>("/v1/blobs", bytes, {
          signal,
          onSent: (sent) => progress.add(sent),
        })
      } catch (error) {
        // What stopped the sending here says more than the connection that broke because of it.
        throw broken ?? error
      }
    }
  } finally {
    await progress.end()
  }
}

function* packsOf(blobs: readonly TravellingBlob[]): Generator<TravellingBlob[]> {
  let pack: TravellingBlob[] = []
  let bytes = 0
  for (const blob of blobs) {
    if (pack.length > 0 && (bytes + blob.bytes > PACK_BYTES || pack.length >= PACK_BLOBS)) {
      yield pack
      pack = []
      bytes = 0
    }
    pack.push(blob)
    bytes += blob.bytes
  }
  if (pack.length > 0) yield pack
}

/** What is about to travel, in one phrase: `38 files, 4.2 MB`. */
export function travelText(blobs: readonly TravellingBlob[]): string {
  const files = new Set(blobs.filter((blob) => !blob.isObject).map((blob) => blob.path)).size
  const bytes = blobs.reduce((sum, blob) => sum + blob.bytes, 0)
  return `${files} file${files === 1 ? "" : "s"}, ${formatBytes(bytes)}`
}

/** The folders (and files at the top) with the most bytes among what travels, biggest first. */
export function biggestFolders(blobs: readonly TravellingBlob[], count: number): { path: string; bytes: number }[] {
  const sums = new Map<string, number>()
  for (const { path, bytes } of blobs) {
    const parts = path.split("/")
    const top = parts.length === 1 ? path : `${parts.slice(0, Math.min(2, parts.length - 1)).join("/")}/`
    sums.set(top, (sums.get(top) ?? 0) + bytes)
  }
  return [...sums]
    .map(([path, bytes]) => ({ path, bytes }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, count)
}
