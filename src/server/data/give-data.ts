import { toWindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import { encodePack } from "../../workspace/pack.ts"
import { dropDamagedOf, packUnseen } from "../blobs/pack-blobs.ts"
import type { HostChannel } from "../hosts/host-channel.ts"

/**
 * Sends a host blobs of data. Large ones are not hashed on their way out: the host does that and refuses what is something else. Only then they are
 * looked at here, and the damaged ones dropped, so that they are missing from then on.
 * @throws {WindfallError} blobs_missing when one is not here; what keeps the host from taking them
 */
export async function giveData(
  to: HostChannel,
  blobs: BlobFolder,
  hashes: readonly BlobHash[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await to.putData(encodePack(packUnseen(blobs, hashes, signal)), { signal })
  } catch (error) {
    const { code } = toWindfallError(error, "")
    if (code === "corrupt_data" || code === "blobs_missing") await dropDamagedOf(blobs, hashes, signal)
    throw error
  }
}
