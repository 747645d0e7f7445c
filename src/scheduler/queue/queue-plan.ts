import type { HostId, JobId } from "../../protocol/ids.ts"
import type { ToldHit } from "../limits/limit-words.ts"
import type { OwnerCode } from "../obstacle.ts"
import type { PreemptMode } from "../policy/policy.ts"
import type { LackingPieces } from "./lacking-pieces.ts"
import type { OtherTurns } from "./other-turns.ts"

/** The answer for a queue at a moment. */
export interface QueuePlan {
  readonly nowMs: number
  /** Every job: first those that may run, in queue order, then those that are not to be looked at yet. */
  readonly entries: readonly QueueEntry[]
  /** Of jobs in several partitions, as far as they stand in the queue. */
  readonly otherTurns: ReadonlyMap<JobId, OtherTurns>
  /** When to plan again although nothing changed; `null`: never. */
  readonly nextWakeMs: number | null
}

/**
 * start: now, on these hosts; where it preempts, as soon as those are gone. reserved: then, and nothing that is behind it delays that. waits:
 * it has no time yet.
 */
export interface QueueEntry {
  readonly job: JobId
  /** Of a task of an array that starts, is reserved for, or waits for another than the rest; `null`: of a job, or of all tasks that only wait. */
  readonly task: number | null
  readonly partition: string
  readonly qos: string
  /** 0 when held. */
  readonly priority: number
  /** From 1; `null`: it does not stand in the queue yet. */
  readonly place: number | null
  /** The how-manieth of all decisions it was, from 1: those that came later found it there. Not what `entries` are sorted by, as tasks of an array stand together. */
  readonly decision: number
  readonly state: "start" | "reserved" | "waits"
  readonly startMs: number | null
  /** When what was planned ends at the latest; `null` without a limit or without a time. */
  readonly endMs: number | null
  readonly hosts: readonly HostId[]
  /**
   * Where it holds its place: it waits for room, and no time could be found for it, as nobody knows when others end. Nobody behind it starts there
   * who could be in its way, whoever of those there ends first.
   */
  readonly holds: readonly HostId[]
  /** It went before all others, on its sender's own Mac. */
  readonly ownersFirst: boolean
  /** It went before all others, as some were asked before to make this room for it. */
  readonly madeFirst: boolean
  /**
   * Who stands before it where it is to start, has no time of its own, and may come to start before it: then nobody can say how late it will be. `null`:
   * nobody, and it starts then at the latest.
   */
  readonly behind: JobId | null
  /** The time is a guess: nothing is kept for it. */
  readonly estimate: boolean
  readonly preempts: readonly Preemption[]
  /** `null` for what starts. */
  readonly reason: WaitReason | null
}

export interface Preemption {
  readonly job: JobId
  readonly task: number | null
  readonly hosts: readonly HostId[]
  readonly mode: Exclude<PreemptMode, "off">
  /** Until then it has time to end by itself. */
  readonly graceEndsMs: number
  /** The job it is for. */
  readonly for: JobId
  /** By what right. */
  readonly by: "tier" | "qos" | "owner"
  /** Suspending was asked for, and this is why it is not done; `null`: it is, or was not asked for. */
  readonly notSuspended: NotSuspended | null
}

/** `stopped`: it is for another, who goes on running in its place. `memory`: what stays of it would leave too little room. `booking`: it would run into one that is not for it. `several_hosts`: its members would wait for the one that is stopped. `secrets`: of two users' jobs one has some. */
export type NotSuspended = "stopped" | "memory" | "pieces" | "booking" | "several_hosts" | "secrets"

/** What keeps a host from taking a job whatever room it has. */
export type AwayCode =
  | OwnerCode
  | "host_connecting"
  | "host_asleep"
  | "host_down"
  | "host_refused"
  | "host_draining"
  | "host_withheld"
  | "booked"

/** Why a job does not start now; reason-text.ts has the words. */
export type WaitReason =
  | { readonly code: "held"; readonly by: "user" | "admin" | "copy" }
  | { readonly code: "begin_time"; readonly untilMs: number }
  /** Between two attempts. `checkpoint_coming`: it starts as soon as what the last one wrote is there, and may wait longer where more of that comes. */
  | { readonly code: "not_before" | "checkpoint_coming"; readonly untilMs: number }
  | { readonly code: "dependency"; readonly on: readonly string[]; readonly untilMs: number | null }
  | { readonly code: "dependency_never"; readonly because: readonly string[] }
  | { readonly code: "deadline"; readonly deadlineMs: number; readonly limitMs: number }
  | { readonly code: "not_allowed"; readonly text: string }
  | { readonly code: "limit"; readonly hits: readonly ToldHit[] }
  | { readonly code: "array_limit"; readonly atOnce: number }
  | { readonly code: "booking_to_come"; readonly booking: string; readonly untilMs: number }
  /** `booking_full`: it may have room, but not while the booking is on, at any of its times within the window. */
  | { readonly code: "booking_over" | "booking_full"; readonly booking: string }
  /** Too few hosts could ever run it; or, as far as that lies at rules which people said of hosts, might now. `lacking`: since the whole pool has too little of this. */
  | {
      readonly code: "never_fits" | "rules_forbid"
      readonly asked: number
      readonly possible: number
      readonly lacking?: readonly LackingPieces[]
      /** There is no host at all. Absent: there are some. */
      readonly isNoPool?: true
    }
  /** Hosts have too little room. `away`: what keeps those of the `possible` that take no jobs, whatever room they have; `taking`: how many do take some. */
  | { readonly code: "resources"; readonly away?: undefined }
  | { readonly code: "resources"; readonly away: string; readonly taking: number; readonly possible: number }
  /** Too few hosts take the job now, whatever room they have. `away`: what keeps them, in words. */
  | { readonly code: AwayCode; readonly away: string }
  /** There would be room, but for those that stand before it. */
  | { readonly code: "priority" }
  | { readonly code: "pieces"; readonly names: readonly string[] }
  /** Who stands before it in its partition waits, and nobody may pass: by policy, or as it stands below the depth. */
  | { readonly code: "in_turn"; readonly ahead: JobId; readonly because: "strict" | "depth" }
  /** `suspended`: those of the jobs that stay where they are, stopped. */
  | {
      readonly code: "preempting"
      readonly jobs: readonly JobId[]
      readonly suspended: readonly JobId[]
      readonly untilMs: number
    }
