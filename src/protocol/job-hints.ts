import type { JobHint } from "./api.ts"
import type { JobId } from "./ids.ts"
import type { JobSpec } from "./job.ts"
import type { Cause, JobState } from "./job-state.ts"
import { type FailedRun, KNOWN_ERRORS } from "./known-errors.ts"

/** What is known of a job that has ended. */
export interface EndedJob extends Omit<FailedRun, "secrets"> {
  readonly id: JobId
  readonly state: JobState
  readonly cause: Cause | null
  readonly spec: Pick<JobSpec, "kind" | "secrets">
}

const MOST_HINTS = 2
/** A longer line is data. */
const MOST_CHARACTERS = 2_000

/**
 * What is known about why a job failed, at most two hints, the most telling first. None for a job that did not fail by its
 * command's own doing: that it was stopped, or where it was lost, is said already.
 * @param lines the last lines of its output, oldest first
 */
export function jobHints(job: EndedJob, lines: readonly string[]): JobHint[] {
  // What somebody typed in a session is no reason for anything.
  if (job.state !== "failed" || job.spec.kind === "session") return []
  if (job.cause === "out_of_memory") return [outOfMemory(job.id)]
  if (job.cause !== "exited" && job.cause !== "signalled") return []
  const run: FailedRun = { ...job, secrets: job.spec.secrets }
  const hints: JobHint[] = []
  const covered = new Set<string>()
  for (const known of KNOWN_ERRORS) {
    const match = lastMatch(known.pattern, lines)
    if (match === undefined || known.only?.(run, match) === false || covered.has(known.code)) continue
    const { unless } = known
    if (unless !== undefined && lines.some((line) => unless.test(line))) continue
    for (const code of known.covers ?? []) covered.add(code)
    hints.push({
      code: known.code,
      meaning: known.meaning(match),
      fix: known.fix(match).replace(/\bJOB\b/, String(job.id)),
    })
    if (hints.length === MOST_HINTS) break
  }
  return hints
}

/** In the line that was printed last: what a program says before it gives up counts more than what it tried before. */
function lastMatch(pattern: RegExp, lines: readonly string[]): RegExpExecArray | undefined {
  for (const line of lines.toReversed()) {
    const match = line.length > MOST_CHARACTERS ? null : pattern.exec(line)
    if (match !== null) return match
  }
  return undefined
}

function outOfMemory(id: JobId): JobHint {
  return {
    code: "out_of_memory",
    meaning: "it held more memory than it asked for, or than its host has",
    fix: `Send it again and ask for more with --memory; what it held: windfall show ${id}`,
  }
}
