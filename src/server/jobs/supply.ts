import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { dropIfDamaged } from "../../workspace/damage.ts"
import { encodePack } from "../../workspace/pack.ts"
import { Slices } from "../../workspace/slices.ts"
import { packBlobs } from "../blobs/pack-blobs.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import type { Tried } from "./job-table.ts"

/**
 * Sends a host the blobs it lacks for an attempt: only from the job owner's folder, whatever hashes it names. What the disk
 * has lost of them ends the attempt in words. Never throws. A link that breaks meanwhile ends it silently: the agent says
 * again what it needs when it is back.
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
    const asked = new Set(hashes)
    const gone = blobs.missing(asked).length
    if (gone > 0) throw lost(gone)
    try {
      await channel.putBlobs(encodePack(packBlobs(blobs, asked, signal)), { signal })
    } catch (error) {
      if (blobs.missing(asked).length === 0) throw error
      throw lost(await countLost(core, job, asked))
    }
    if (!signal.aborted) channel.send([{ type: "supplied", attempt: id, sequence }])
  } catch (error) {
    if (signal.aborted) return
    const { code, message } = toWindfallError(error, "send the workspace to the host")
    if (code !== "link_lost") channel.send([{ type: "unsupplied", attempt: id, sequence, message }])
  }
}

/**
 * One damaged blob seldom comes alone: all of the job's are looked at, so that sending the folder once more is enough.
 * Returns how many are not here.
 */
async function countLost(core: Core, { user, spec }: JobRecord, asked: ReadonlySet<BlobHash>): Promise<number> {
  const { blobs, whole, checks } = core.blobs.of(user)
  const lacking = new Set(blobs.missing(asked))
  if (spec.stdin !== null) {
    await dropIfDamaged(spec.stdin, blobs, new Slices(SLICE_MS, core.signal), core.signal)
    if (!blobs.has(spec.stdin)) lacking.add(spec.stdin)
  }
  if (spec.workspace !== null) {
    await checks.check(spec.workspace, core.signal)
    for (const hash of whole.missingFrom(spec.workspace)) lacking.add(hash)
  }
  return lacking.size
}

const SLICE_MS = 10

function lost(blobs: number): WindfallError {
  const count = blobs === 1 ? "a blob of it is" : `${blobs} blobs of it are`
  return new WindfallError(
    "blobs_missing",
    `Cannot give the host the workspace: ${count} damaged or gone on the server's disk. Send the job again from its folder: what is missing then travels anew`,
  )
}
