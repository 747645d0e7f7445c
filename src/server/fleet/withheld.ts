import { formatBytes } from "../../base/bytes.ts"
import type { HostLeftovers, StrayRecord } from "../../store/host-record.ts"

/** What processes that are only suspected may hold together before a host is withheld for them: the system's share has room for it. */
const SUSPECTED_BYTES = 256 * 1024 ** 2
/** Processes named by number; the rest is counted. */
const MAX_NAMED = 3

/**
 * Why a host gets no new jobs: what ended jobs left there still holds memory that the next one would be promised. `null`: it
 * gets jobs. In words for everybody, so without what the processes are called.
 */
export function withheldReason({ strays, missing }: HostLeftovers): string | null {
  const reasons: string[] = []
  const holding = strays.filter((stray) => stray.certain && stray.memoryBytes > 0)
  const suspected = strays.filter((stray) => !stray.certain)
  if (bytesOf(suspected) >= SUSPECTED_BYTES) holding.push(...suspected)
  if (holding.length > 0) reasons.push(describe(holding))
  if (missing !== null) reasons.push(`${formatBytes(missing.bytes)} that ended jobs held have not come back`)
  return reasons.length === 0 ? null : reasons.join("; ")
}

function describe(strays: readonly StrayRecord[]): string {
  const bytes = formatBytes(bytesOf(strays))
  const [first] = strays
  if (first !== undefined && strays.length === 1) {
    const job = first.job === null ? "an ended job" : `job ${first.job}`
    return `process ${first.pid}, which ${job} ${first.certain ? "left" : "seems to have left"} there, holds ${bytes}`
  }
  const named = strays.slice(0, MAX_NAMED).map(({ pid }) => `${pid}`)
  if (strays.length > MAX_NAMED) named.push(`${strays.length - MAX_NAMED} more`)
  const last = named.pop() ?? ""
  return `processes ${named.join(", ")} and ${last}, which ended jobs left there, hold ${bytes}`
}

function bytesOf(strays: readonly StrayRecord[]): number {
  return strays.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
}
