import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import { dropIfDamaged } from "../../workspace/damage.ts"
import { diffClosure } from "../../workspace/diff.ts"
import { encodePack } from "../../workspace/pack.ts"
import { Slices } from "../../workspace/slices.ts"
import { packBlobs } from "../blobs/pack-blobs.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import { tellTravel } from "../network/tell-travel.ts"
import type { Tried } from "./job-table.ts"

/** What changed since the last workspace travels without being asked for, up to this much. */
const AHEAD_BLOBS = 500
const AHEAD_BYTES = 4 * 1024 * 1024
const TREES_REMEMBERED = 100
const SLICE_MS = 10

/**
 * Sends a host the blobs it lacks for an attempt: only from the job owner's folder, whatever hashes it names. Asked for a
 * workspace, it sends what changed since the last one the host had of this user too, where that is little: else the host, which
 * knows of a folder's content only once it has the folder, would ask level by level. What the disk has lost of them ends the
 * attempt in words. Never throws. A link that breaks meanwhile ends it silently: the agent says again what it needs when it
 * is back.
 */
export async function supply(
  core: Core,
  channel: HostChannel,
  { job, attempt }: Tried,
  hashes: readonly BlobHash[],
): Promise<void> {
  const { id, sequence } = attempt
  const { workspace } = job.spec
  const signal = core.fleet.linkSignal(channel)
  const host = core.fleet.get(channel.hostId)
  try {
    const { blobs } = core.blobs.of(job.user)
    const gone = blobs.missing(hashes).length
    if (gone > 0) throw lost(gone)
    const ahead = workspace !== null && hashes.includes(workspace) ? changed(host?.trees ?? [], workspace, blobs) : []
    const all = new Set([...hashes, ...ahead])
    const bytes = hashes.reduce((sum, hash) => sum + (blobs.bytesOf(hash) ?? 0), 0)
    // Nothing hangs on it.
    tellTravel(core, { job, attempt }, bytes).catch(() => {})
    try {
      await channel.putBlobs(encodePack(packBlobs(blobs, all, signal)), { signal })
    } catch (error) {
      if (blobs.missing(all).length === 0) throw error
      throw lost(await countLost(core, job, all))
    }
    if (signal.aborted) return
    if (host !== undefined && workspace !== null) {
      const trees = [workspace, ...host.trees.filter((tree) => tree !== workspace)]
      core.fleet.setTrees(host, trees.slice(0, TREES_REMEMBERED))
    }
    channel.send([{ type: "supplied", attempt: id, sequence }])
  } catch (error) {
    if (signal.aborted) return
    const { code, message } = toWindfallError(error, "send the workspace to the host")
    if (code !== "link_lost") channel.send([{ type: "unsupplied", attempt: id, sequence, message }])
  }
}

/** What is in the workspace and was not in the latest of `trees` that this user brought. */
function changed(trees: readonly BlobHash[], workspace: BlobHash, blobs: BlobFolder): readonly BlobHash[] {
  const base = trees.find((tree) => tree !== workspace && blobs.has(tree))
  if (base === undefined) return []
  try {
    const found = diffClosure(base, workspace, (hash) => blobs.readSync(hash), AHEAD_BLOBS) ?? []
    const bytes = found.reduce((sum, hash) => sum + (blobs.bytesOf(hash) ?? Number.POSITIVE_INFINITY), 0)
    return bytes <= AHEAD_BYTES ? found : []
  } catch {
    return [] // Something of the older tree is gone or damaged; what the host asks for is looked at on its own.
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

function lost(blobs: number): WindfallError {
  const count = blobs === 1 ? "a blob of it is" : `${blobs} blobs of it are`
  return new WindfallError(
    "blobs_missing",
    `Cannot give the host the workspace: ${count} damaged or gone on the server's disk. Send the job again from its folder: what is missing then travels anew`,
  )
}
