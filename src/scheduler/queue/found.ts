import type { HostId, JobId } from "../../protocol/ids.ts"
import type { Room } from "../calendar/calendar.ts"
import type { Line } from "./line.ts"
import type { Preemption, WaitReason } from "./queue-plan.ts"

export const NOWHERE: readonly HostId[] = []
const NO_ROOMS: readonly Room[] = []
const NOBODY: readonly Preemption[] = []

/** What was found for one task of a line, or for all of it. */
export interface Found {
  readonly task: number | null
  readonly room: Room | null
  /** It is room for now. */
  readonly isStart: boolean
  readonly preempts: readonly Preemption[]
  readonly reason: WaitReason | null
  /** Where it holds its place without a time. */
  readonly holds: readonly HostId[]
  /** What was kept for its job in another partition until it had this. */
  readonly gaveUp: readonly Room[]
  /** Nothing is kept for it. */
  readonly isEstimate: boolean
  /** It was kept on its sender's own hosts before all turns. */
  readonly ownersFirst?: boolean
  /** It was made for it before all turns, by who was asked before. */
  readonly madeFirst?: true
  /** Who has no time and may come to take its place before then; absent: nobody. */
  readonly behind?: JobId
  /** By which of its job's lines it was found; absent: by that whose turn it was. */
  readonly line?: Line
}

/** What makes room for a job: whom it preempts, where it goes then, and when. */
export interface MadeRoom {
  readonly places: readonly number[]
  readonly startMs: number
  readonly preempts: readonly Preemption[]
  /** Who has to be gone before: these, and who was on its way out for it already. */
  readonly after: readonly JobId[]
}

/** Room that it has; `reason` where it is for later, or has to be made first. */
export function given(task: number | null, room: Room, nowMs: number, reason: WaitReason | null = null): Found {
  const isStart = room.startMs <= nowMs
  return { task, room, isStart, preempts: NOBODY, reason, holds: NOWHERE, gaveUp: NO_ROOMS, isEstimate: false }
}

/** It waits for these to make room. */
export function preempting(jobs: readonly JobId[], preempts: readonly Preemption[], untilMs: number): WaitReason {
  const suspended = preempts.filter(({ mode }) => mode === "suspend").map(({ job }) => job)
  return { code: "preempting", jobs, suspended, untilMs }
}

/** It has no time. */
export function waiting(reason: WaitReason, holds = NOWHERE): Found {
  return {
    task: null,
    room: null,
    isStart: false,
    preempts: NOBODY,
    reason,
    holds,
    gaveUp: NO_ROOMS,
    isEstimate: false,
  }
}
