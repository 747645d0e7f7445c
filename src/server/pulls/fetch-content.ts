import type { Hub } from "../../hub/hub.ts"
import { FileChanged, HubFile } from "../../hub/hub-file.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { PulledFile, PullRecord } from "../../store/pull-record.ts"
import type { Core } from "../core.ts"
import { ContentWriter } from "./content-writer.ts"
import { fetchByRanges } from "./fetch-by-ranges.ts"
import { findContent } from "./find-content.ts"
import type { PullProgress } from "./pull-progress.ts"
import { RangeFiles } from "./range-files.ts"

/** From the beginning again, where what came was not what the hub says. */
const ROUNDS = 3

/**
 * Brings one file into the blobs of a user, unless it is there, and verifies it. Returns its blob, or that of its chunk list.
 * @throws {WindfallError} as hubs refuse; corrupt_data when what comes is not what the hub says; disk_full
 */
export async function fetchContent(
  core: Core,
  hub: Hub,
  { user, model }: Pick<PullRecord, "user" | "model">,
  file: PulledFile,
  progress: PullProgress,
  signal: AbortSignal,
): Promise<BlobHash> {
  const found = await findContent(core, user, file, signal)
  if (found !== undefined) {
    progress.isAt(file.path, file.bytes)
    return found
  }
  const source = new HubFile(hub, { ...model, ...file })
  const files = new RangeFiles(core, user, file)
  const limits = hub.limits.ranges
  let isRanged = file.bytes >= limits.fromBytes && limits.atOnce > 1
  for (let round = 1; ; round++) {
    try {
      await using writer = await ContentWriter.open(core, user, file, signal)
      try {
        progress.isAt(file.path, writer.bytes)
        isRanged &&= writer.bytes === file.bytes || (await source.honoursRanges(signal))
        isRanged &&= await fetchByRanges({ file, source, writer, files, limits, progress, signal })
        if (!isRanged) {
          await files.drop()
          progress.isAt(file.path, writer.bytes)
        }
        for await (const piece of source.pieces(writer.bytes, file.bytes, signal)) {
          await writer.write(piece)
          progress.came(file.path, piece.length)
        }
        return await writer.finish()
      } catch (error) {
        if (error instanceof FileChanged) {
          await files.drop()
          await writer.drop()
        }
        throw error
      }
    } catch (error) {
      if (!(error instanceof FileChanged)) throw error
      if (round >= ROUNDS)
        throw new WindfallError("corrupt_data", `Cannot fetch ${file.path}: ${error.message}`, {
          hint: `It was begun ${ROUNDS} times. Something on the way changes what comes, or the hub is wrong`,
        })
      source.forget()
      progress.isAt(file.path, 0)
      progress.waits(`${file.path} is begun anew: ${error.message}`)
    }
  }
}
