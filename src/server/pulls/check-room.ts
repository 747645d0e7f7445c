import { statfs } from "node:fs/promises"
import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { PullRecord } from "../../store/pull-record.ts"
import type { Core } from "../core.ts"
import { knownBlob } from "./find-content.ts"

/** What must stay free for logs, outputs and the database: of the disk, and at least. */
const KEPT_PART = 0.02
const KEPT_BYTES = 1024 ** 3

/**
 * Looks whether the server's disk has room for what is still to come, of this and of all others on their way.
 * @throws {WindfallError} disk_full
 */
export async function checkRoom(
  core: Core,
  wanted: Pick<PullRecord, "user" | "model">,
  others: readonly { readonly leftBytes: number }[],
): Promise<void> {
  const missing = wanted.model.files.filter((file) => knownBlob(core, wanted.user, file) === undefined)
  const needed = missing.reduce((sum, { bytes }) => sum + bytes, 0)
  if (needed === 0) return
  const promised = others.reduce((sum, { leftBytes }) => sum + leftBytes, 0)
  const { bavail, blocks, bsize } = await statfs(core.folder)
  const kept = Math.max(KEPT_BYTES, blocks * bsize * KEPT_PART)
  const free = bavail * bsize - kept - promised
  if (needed <= free) return
  const also = promised > 0 ? `, and ${formatBytes(promised)} of it are promised to others on their way` : ""
  throw new WindfallError(
    "disk_full",
    `Cannot fetch ${wanted.model.repository}: it needs ${formatBytes(needed)} more on the server's disk, which has ${formatBytes(bavail * bsize)}${also}`,
    { hint: `${formatBytes(kept)} stay free. Remove data that nobody needs: windfall data ls, windfall data rm NAME` },
  )
}
