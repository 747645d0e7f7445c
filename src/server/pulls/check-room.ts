import { statfs } from "node:fs/promises"
import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { PullRecord } from "../../store/pull-record.ts"
import type { Core } from "../core.ts"
import { knownBlob } from "./find-content.ts"
import { heldModelBytes, makeModelRoom } from "./model-disk.ts"

/** What must stay free for logs, outputs and the database: of the disk, and at least. */
const KEPT_PART = 0.02
const KEPT_BYTES = 1024 ** 3

/**
 * Sees to it that the server's disk, and what models may take of it, has room for what is still to come, of this and of all others on
 * their way: models that nobody has used for longest go for it, if that is enough.
 * @throws {WindfallError} disk_full; wrong_state where models may not take more
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
  const { modelBytes } = core.limits
  const overBudget = () => (modelBytes === null ? 0 : heldModelBytes(core) + promised + needed - modelBytes)
  const kept = async () => {
    const { blocks, bsize } = await statfs(core.folder)
    return Math.max(KEPT_BYTES, blocks * bsize * KEPT_PART)
  }
  const freeBytes = async () => {
    const { bavail, bsize } = await statfs(core.folder)
    return bavail * bsize
  }
  const overDisk = async () => needed + promised + (await kept()) - (await freeBytes())
  const lacking = async () => Math.max(overBudget(), await overDisk())
  if ((await makeModelRoom(core, [wanted], lacking)) <= 0) return
  const also = promised > 0 ? `, and ${formatBytes(promised)} of it are promised to others on their way` : ""
  const isBudget = modelBytes !== null && (await overDisk()) <= 0
  const where = isBudget
    ? `of the ${formatBytes(modelBytes)} that models may take (windfall up --model-disk), of which ${formatBytes(heldModelBytes(core))} are taken by models in use${also}`
    : `on the server's disk, which has ${formatBytes(await freeBytes())}${also}; ${formatBytes(await kept())} stay free`
  throw new WindfallError(
    // Of what models may take somebody has said how much: that is no fault of the disk.
    isBudget ? "wrong_state" : "disk_full",
    `Cannot fetch ${wanted.model.repository}: it needs ${formatBytes(needed)} more ${where}`,
    {
      hint: "Which models are in use: windfall model where. Remove what nobody needs: windfall data ls, windfall data rm NAME",
    },
  )
}
