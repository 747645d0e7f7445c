import { toWindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import { diffClosure } from "../../workspace/diff.ts"
import { encodePack } from "../../workspace/pack.ts"
import { packBlobs } from "../blobs/pack-blobs.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import type { Tried } from "./job-table.ts"

/** What changed since the last workspace travels without being asked for, up to this much. */
const AHEAD_BLOBS = 500
const AHEAD_BYTES = 4 * 1024 * 1024
const TREES_REMEMBERED = 100

/**
 * Sends a host the blobs it lacks for an attempt: only from the job owner's folder, whatever hashes it names. Asked for a
 * workspace, it sends what changed since the last one the host had of this user too, where that is little: else the host, which
 * knows of a folder's content only once it has the folder, would ask level by level. Never throws. A link that breaks
 * meanwhile ends it silently: the agent says again what it needs when it is back.
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
    const ahead = workspace !== null && hashes.includes(workspace) ? changed(host?.trees ?? [], workspace, blobs) : []
    await channel.putBlobs(encodePack(packBlobs(blobs, new Set([...hashes, ...ahead]), signal)), { signal })
    if (signal.aborted) return
    if (host !== undefined && workspace !== null) {
      host.trees = [workspace, ...host.trees.filter((tree) => tree !== workspace)].slice(0, TREES_REMEMBERED)
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
