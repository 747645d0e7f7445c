import { formatBytes } from "../../base/bytes.ts"
import { formatAbout } from "../../base/duration.ts"
import type { PullView } from "../../protocol/pull-api.ts"
import { countText, printable } from "./table.ts"

const BAR = 24

/** One line while it comes: a bar, how much of how much, how fast, how long still. @param bytesPerS `null`: not known yet */
export function pullLine(pull: PullView, bytesPerS: number | null): string {
  const { doneBytes, totalBytes } = pull
  const part = totalBytes === 0 ? 1 : doneBytes / totalBytes
  const full = Math.floor(part * BAR)
  const bar = `[${"#".repeat(full)}${"-".repeat(BAR - full)}]`
  const size = `${Math.floor(part * 100)} % of ${formatBytes(totalBytes)}`
  if (pull.reason !== null) return `${bar} ${size}: ${printable(pull.reason)}`
  if (bytesPerS === null || bytesPerS <= 0) return `${bar} ${size}`
  const leftMs = Math.ceil((totalBytes - doneBytes) / bytesPerS) * 1_000
  return `${bar} ${size}, ${formatBytes(bytesPerS)}/s, ${formatAbout(leftMs)} to go`
}

/** What is under way, and what lately went wrong, for below a list of data or models. Empty where there is nothing. */
export function pullsText(pulls: readonly PullView[], now: number): string {
  return pulls
    .filter((pull) => pull.state === "pulling" || isFresh(pull, pulls, now))
    .map((pull) => `${printable(pull.name)} from ${printable(pull.repository)}: ${stateText(pull)}\n`)
    .join("")
}

/** What is told once it has ended well. */
export function pulledText(pull: PullView): string {
  const came = pull.fetchedBytes === 0 ? "all of it was here already" : `${formatBytes(pull.fetchedBytes)} fetched`
  const what = `${countText(pull.files.length)}, ${formatBytes(pull.totalBytes)}; ${came}`
  return `${pull.name} version ${pull.version ?? "?"} is in the lab (${what})\n`
}

const FRESH_MS = 86_400_000

/** A failure of the last day, after which nothing else came under the name. */
function isFresh({ state, endedAt, name, createdAt }: PullView, pulls: readonly PullView[], now: number): boolean {
  if (state !== "failed" || (endedAt ?? 0) < now - FRESH_MS) return false
  return !pulls.some((other) => other.name === name && other.createdAt > createdAt)
}

function stateText(pull: PullView): string {
  return pull.state === "pulling" ? `coming ${pullLine(pull, null)}` : `failed: ${printable(pull.reason ?? "")}`
}
