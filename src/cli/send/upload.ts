import type { BlobsMissingAnswer, BlobsMissingRequest, BlobsStored } from "../../protocol/api.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { encodePack, type PackBlob } from "../../workspace/pack.ts"
import type { Cli } from "../cli.ts"
import { Progress } from "../render/progress.ts"

/** One pack is stored before the next is sent, so that a break costs no more than this. */
const PACK_BYTES = 64 * 1024 * 1024
const PACK_BLOBS = 20_000

/** Which of these the server lacks. At most 100,000 a call. */
export async function askMissing(cli: Cli, hashes: readonly BlobHash[]): Promise<readonly BlobHash[]> {
  if (hashes.length === 0) return []
  const request: BlobsMissingRequest = { hashes }
  return (await cli.client.ask<BlobsMissingAnswer>("/v1/blobs/missing", request)).missing
}

/**
 * Sends blobs, with a bar on a terminal when it takes long. What has arrived stays there: called again after a break, only
 * the rest is missing. @throws {WindfallError} `wrong_state` when a file changed since it was scanned
 */
export async function uploadBlobs(cli: Cli, blobs: readonly PackBlob[], signal?: AbortSignal): Promise<void> {
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
        await cli.client.upload<BlobsStored>("/v1/blobs", bytes, { signal, onSent: (sent) => progress.add(sent) })
      } catch (error) {
        // What stopped the sending here says more than the connection that broke because of it.
        throw broken ?? error
      }
    }
  } finally {
    await progress.end()
  }
}

/** Blobs in their order, cut where a pack is full. */
export function* packsOf(blobs: readonly PackBlob[]): Generator<PackBlob[]> {
  let pack: PackBlob[] = []
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
