/** How a job is written as a row. */
import { DEFAULT_SPEC, type JobSpec } from "../protocol/job.ts"
import { arrayJson } from "./array-record.ts"
import type { JobRecord } from "./job-record.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["jobs"]

/** What is written once. */
export const UNCHANGED = {
  spec_json: "",
  likeness: null,
  learned_json: null,
  array_job: null,
  array_index: null,
  array_tasks: null,
  last_id: null,
} as const
export const FINAL = ["succeeded", "failed", "cancelled", "timed_out"] as const

/** The columns that change. */
export function changing(v: Row) {
  return {
    state: v.state,
    cause: v.cause,
    exit_code: v.exit_code,
    signal: v.signal,
    verdict: v.verdict,
    reason: v.reason,
    started_at: v.started_at,
    ended_at: v.ended_at,
    outputs_json: v.outputs_json,
    stop_json: v.stop_json,
    checkpoint_json: v.checkpoint_json,
    standing_json: v.standing_json,
    array_json: v.array_json,
  }
}

/** What an earlier release did not know of is as for who says nothing of it; the order is as it was sent, to the letter. */
export function toSpec(json: string): JobSpec {
  const stored = JSON.parse(json) as JobSpec
  return { ...stored, ...DEFAULT_SPEC, ...stored }
}

export function changeable(job: JobRecord): Omit<Row, keyof typeof UNCHANGED> {
  return {
    id: job.id,
    user: job.user,
    name: job.spec.name,
    submitted_at: job.submittedAt,
    state: job.state,
    cause: job.cause,
    exit_code: job.verdict?.exitCode ?? null,
    signal: job.verdict?.signal ?? null,
    verdict: job.verdict?.state ?? null,
    reason: job.reason,
    started_at: job.startedAt,
    ended_at: job.endedAt,
    outputs_json: job.outputs === null ? null : JSON.stringify(job.outputs),
    stop_json: job.stop === null ? null : JSON.stringify(job.stop),
    checkpoint_json: job.checkpoint === undefined ? null : JSON.stringify(job.checkpoint),
    standing_json: job.standing === undefined ? null : JSON.stringify(job.standing),
    array_json: job.array === undefined ? null : arrayJson(job.array),
  }
}
