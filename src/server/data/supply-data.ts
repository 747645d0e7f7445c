import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import type { Tried } from "../jobs/job-table.ts"
import { giveData } from "./give-data.ts"
import { bringToHost } from "./spread/spreads.ts"

export interface DataNeed {
  readonly root: BlobHash
  readonly hashes: readonly BlobHash[]
  /** Another host may give them. */
  readonly direct: boolean
}

/**
 * Sees to it that a host gets what it lacks of data for an attempt: from the blobs of whose data it is, and from other hosts that have it or are just getting it. Only data that the attempt's job was sent with. Never throws; a link
 * that breaks meanwhile ends it silently, and the agent says again what it needs when it is back.
 */
export async function supplyData(
  core: Core,
  channel: HostChannel,
  { job, attempt }: Tried,
  need: DataNeed,
): Promise<void> {
  const named = { attempt: attempt.id, sequence: attempt.sequence }
  const signal = core.fleet.linkSignal(channel)
  const wanted = job.spec.data.find(({ root }) => root === need.root)
  try {
    const data = wanted && core.store.data.get(wanted.name)
    if (wanted === undefined || data?.versions.some(({ root }) => root === need.root) !== true) {
      throw new WindfallError("data_not_found", `Cannot give the host the data ${wanted?.name ?? ""}: it was removed`)
    }
    const { blobs } = core.blobs.of(data.user)
    if (need.direct) {
      await bringToHost(core, channel, need, blobs, signal).catch((error: unknown) => {
        throw toWindfallError(error, "").code === "blobs_missing" ? lost(data.name, data.user) : error
      })
      if (!signal.aborted) channel.send([{ type: "supplied", ...named }])
      return
    }
    const gone = blobs.missing(need.hashes).length
    if (gone > 0) throw lost(data.name, data.user)
    await giveData(channel, blobs, need.hashes, signal).catch((error: unknown) => {
      throw blobs.missing(need.hashes).length === 0 ? error : lost(data.name, data.user)
    })
    if (!signal.aborted) channel.send([{ type: "supplied", ...named }])
  } catch (error) {
    if (signal.aborted) return
    const { code, message } = toWindfallError(error, "send the data to the host")
    if (code !== "link_lost") channel.send([{ type: "unsupplied", ...named, message }])
  }
}

function lost(name: string, user: string): WindfallError {
  return new WindfallError(
    "blobs_missing",
    `Cannot give the host the data ${name}: some of it is damaged or gone on the server's disk. ${user} can add its folder again: what is missing then travels anew`,
  )
}
