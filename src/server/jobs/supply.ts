import { toWindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { encodePack } from "../../workspace/pack.ts"
import { packBlobs } from "../blobs/pack-blobs.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import type { Tried } from "./job-table.ts"

/**
 * Sends a host the blobs it lacks for an attempt: only from the job owner's folder, whatever hashes it names. Never
 * throws. A link that breaks meanwhile ends it silently: the agent says again what it needs when it is back.
 */
export async function supply(
  core: Core,
  channel: HostChannel,
  { job, attempt }: Tried,
  hashes: readonly BlobHash[],
): Promise<void> {
  const { id, sequence } = attempt
  const signal = core.fleet.linkSignal(channel)
  try {
    const { blobs } = core.blobs.of(job.user)
    await channel.putBlobs(encodePack(packBlobs(blobs, new Set(hashes), signal)), { signal })
    if (!signal.aborted) channel.send([{ type: "supplied", attempt: id, sequence }])
  } catch (error) {
    if (signal.aborted) return
    const { code, message } = toWindfallError(error, "send the workspace to the host")
    if (code !== "link_lost") channel.send([{ type: "unsupplied", attempt: id, sequence, message }])
  }
}
