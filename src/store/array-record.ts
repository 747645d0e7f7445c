import { IndexSet } from "../base/index-set.ts"
import type { TaskFailure } from "../protocol/job-array.ts"
import type { Verdict } from "../protocol/job-state.ts"

/** Why tasks ended that never had a record of their own. */
export const UNRUN_CAUSES = ["cancelled", "dependency_failed", "deadline"] as const
export type UnrunCause = (typeof UNRUN_CAUSES)[number]

export interface UnrunReason {
  readonly reason: string
  readonly of: IndexSet
}

/**
 * What is known of an array besides what was sent. A task has a record of its own from the moment it begins, or something is said of it
 * alone; until then it is an index in one of these sets.
 */
export interface ArrayRecord {
  readonly all: IndexSet
  /** May begin. */
  readonly waiting: IndexSet
  /** Held by themselves, by their user or an administrator. */
  readonly held: { readonly user: IndexSet; readonly admin: IndexSet }
  /** Wait for the task of the same index elsewhere. */
  readonly blocked: IndexSet
  /** Ended without a record. */
  readonly unrun: { readonly [Cause in UnrunCause]: IndexSet }
  /** Why those ended, in words: each reason once, with `_*` for the index of a task. Of an older release nothing is known. */
  readonly unrunReasons: UnrunReason[]
  atOnce: number | null
  /** Of all tasks that have ended. */
  readonly counts: Record<Verdict["state"], number>
  /** The highest exit code of a task that failed. */
  exitCode: number
  readonly failures: TaskFailure[]
  /** When the latest task began to run. */
  lastStartedAt: number | null
}

/** @param all its indices */
export function newArray(all: IndexSet, atOnce: number | null): ArrayRecord {
  return {
    all,
    waiting: new IndexSet(all.runs),
    held: { user: new IndexSet(), admin: new IndexSet() },
    blocked: new IndexSet(),
    unrun: { cancelled: new IndexSet(), dependency_failed: new IndexSet(), deadline: new IndexSet() },
    unrunReasons: [],
    atOnce,
    counts: { succeeded: 0, failed: 0, cancelled: 0, timed_out: 0 },
    exitCode: 0,
    failures: [],
    lastStartedAt: null,
  }
}

/** What changes of it; the indices themselves are written once. */
export function arrayJson(array: ArrayRecord): string {
  const { all: _, ...rest } = array
  return JSON.stringify(rest, (_key, value: unknown) => (value instanceof IndexSet ? value.toString() : value))
}

type Stored<T> = { readonly [K in keyof T]: T[K] extends IndexSet ? string : T[K] extends object ? Stored<T[K]> : T[K] }

export function readArrayJson(tasks: string, json: string): ArrayRecord {
  const stored = JSON.parse(json) as Stored<Omit<ArrayRecord, "all" | "counts" | "failures" | "unrunReasons">> &
    Pick<ArrayRecord, "counts" | "failures"> & { readonly unrunReasons?: readonly Stored<UnrunReason>[] }
  return {
    ...stored,
    all: IndexSet.parse(tasks),
    waiting: IndexSet.parse(stored.waiting),
    held: { user: IndexSet.parse(stored.held.user), admin: IndexSet.parse(stored.held.admin) },
    blocked: IndexSet.parse(stored.blocked),
    unrun: {
      cancelled: IndexSet.parse(stored.unrun.cancelled),
      dependency_failed: IndexSet.parse(stored.unrun.dependency_failed),
      deadline: IndexSet.parse(stored.unrun.deadline),
    },
    unrunReasons: (stored.unrunReasons ?? []).map(({ reason, of }) => ({ reason, of: IndexSet.parse(of) })),
  }
}

/** Whether it has tasks that have not begun. */
export function hasUnbegun({ waiting, held, blocked }: ArrayRecord): boolean {
  return waiting.size + held.user.size + held.admin.size + blocked.size > 0
}
