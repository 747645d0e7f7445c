import { formatBytes } from "../../base/bytes.ts"
import type { JobView } from "../../protocol/job.ts"
import { commandText } from "./job-text.ts"

/** What an attempt leaves to the next, and what came of it: none or one text. */
export function checkpointText({ spec, checkpoint }: JobView): string[] {
  const parts: string[] = []
  // Absent in jobs of an older release.
  if (spec.checkpoint != null) parts.push(spec.checkpoint.length === 0 ? "none" : commandText(spec.checkpoint))
  if (checkpoint !== undefined) {
    const { kept, awaited, problem } = checkpoint
    if (kept !== null) {
      const files = `${kept.files} file${kept.files === 1 ? "" : "s"}, ${formatBytes(kept.bytes)}`
      parts.push(`attempt ${kept.attempt} left ${files}`)
    }
    if (awaited !== null) parts.push(`what attempt ${awaited.attempt} wrote is on its way`)
    if (problem !== null) parts.push(problem)
  }
  return parts.length === 0 ? [] : [parts.join("; ")]
}
