import { allowedBytes } from "../protocol/resources.ts"
import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { brokenText } from "./memory-guard.ts"
import type { ProcessRow } from "./platform/platform.ts"

/** Has the kernel hold an attempt to the memory its sender asked for, where it can. */
export function holdToLimit({ platform }: AgentContext, { id, order }: Attempt, rows: readonly ProcessRow[]): void {
  if (order?.memoryAsked !== true) return
  const pids = rows.map(({ pid }) => pid)
  platform.cgroups?.hold(id, pids, allowedBytes(order.lease.memoryBytes))
}

/** Says, where the kernel has ended an attempt for its limit, how much it held and what would have done; lets the limit go. */
export function afterLimit({ platform }: AgentContext, attempt: Attempt): void {
  const { id, order, status } = attempt
  const heldBytes = status?.cause === "out_of_memory" ? platform.cgroups?.endedAt(id) : null
  if (heldBytes != null && order !== null) {
    attempt.peakMemoryBytes = Math.max(attempt.peakMemoryBytes, heldBytes)
    attempt.message ??= brokenText({ heldBytes, leaseBytes: order.lease.memoryBytes, isAsked: true })
  }
  platform.cgroups?.letGo(id)
}
