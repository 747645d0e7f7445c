import { constants } from "node:fs"
import { access } from "node:fs/promises"
import { Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"

/** Whether what the order says the model is on this host can be read. @throws {Loss} `order_refused`, `model_missing` */
export async function checkModel({ order, rank, places }: MemberContext): Promise<void> {
  const { modelPath = null } = order.members[rank] ?? {}
  if (modelPath === null && rank > 0) return
  if (modelPath === null) throw new Loss("order_refused", 0, "the order has no model for the head")
  const files = rank === 0 && order.projectorPath !== null ? [modelPath, order.projectorPath] : [modelPath]
  for (const file of files)
    await access(file, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
      const reason = `member ${rank} (${places[rank]?.host}): the model ${file} cannot be read: ${error.code}`
      throw new Loss("model_missing", rank, reason)
    })
}
