import { setTimeout as delay } from "node:timers/promises"
import type { AgentContext } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import { inspectAttempt } from "../attempt-folder.ts"
import { hasTerminal } from "../launch.ts"
import type { ProcessRow } from "../platform/platform.ts"
import { addDescendants, belongsTo } from "../sweep.ts"

type Of = Pick<AgentContext, "platform" | "forker">

/**
 * What was told so often to stop, and has not, waits in the kernel: it stops before it does anything more. Each call tells it anew, and as
 * long as a tree is to be stopped there is one every few seconds.
 */
const MOST_TIMES_TOLD = 5
const MOST_PASSES = 100
const CLEAN_PASSES = 2
/** A process needs a moment to come to a halt. */
const PAUSE_MS = 5
/** Continuing has no such end: a job may stop its own processes again. */
const MOST_CONTINUING_PASSES = 3
/** In one call: then others have their turn, and it is told again. */
const MOST_FAILED_TABLES = 2
/** A table that takes longer than this is not waited for. */
const TABLE_SOON_MS = 500

/**
 * What is there of attempts' trees in a table, each with those nearest to the supervisor first: all below the supervisor, in the command's
 * group, and seen below it before; not the supervisor itself and what it runs for itself, nor the host of a terminal, which people at its
 * other end talk to.
 */
export function membersOf({ platform, forker }: Of, table: readonly ProcessRow[], attempt: Attempt): ProcessRow[] {
  const { supervisor, group, order, seen } = attempt
  const pids = new Set<number>()
  if (supervisor !== null) pids.add(supervisor.pid)
  for (const row of table) if (belongsTo(attempt, row)) pids.add(row.pid)
  addDescendants(table, pids)
  const isHost = (row: ProcessRow) => order !== null && hasTerminal(order) && row.pid === group
  const members = table.filter(
    (row) =>
      pids.has(row.pid) &&
      row.pid !== supervisor?.pid &&
      row.pgid !== supervisor?.pid &&
      row.pid !== process.pid &&
      row.pid !== forker.pid &&
      !isHost(row),
  )
  if (!platform.sweepIsTotal) for (const row of members) seen.set(row.pid, row.start)
  return nearestFirst(members)
}

/**
 * Stops the trees of attempts, whole: pass by pass, until two in a row find nothing that runs. No table is of one moment: what forks and
 * ends while it is read may be in none of its rows, so groups are told, too, which the system does in one go. Parents come first, so that
 * none of them sees its child stop. Trees that are asked to end meanwhile are let be. Where the process table cannot be had, or not soon,
 * what is known of a tree is told all the same, and it counts as not stopped yet.
 *
 * @param onFirst called once with each tree, before the first signal: to write it down; with nothing where there is no table yet
 * @returns those that are seen to be stopped, whole; the others are to be told again
 */
export async function stopTrees(
  context: Of,
  attempts: readonly Attempt[],
  onFirst: (attempt: Attempt, members: readonly ProcessRow[]) => void = () => {},
): Promise<Attempt[]> {
  const told = new Map<string, number>()
  const clean = new Map<Attempt, number>()
  const begun = new Set<Attempt>()
  const begin = (attempt: Attempt, members: readonly ProcessRow[]) => {
    if (!begun.has(attempt)) onFirst(attempt, members)
    begun.add(attempt)
  }
  const tellBlindly = () => {
    for (const attempt of left.filter(mayStop)) {
      begin(attempt, [])
      TOLD_BLINDLY.set(attempt, [...(TOLD_BLINDLY.get(attempt) ?? []), ...tellKnown(context, attempt, "SIGSTOP")])
    }
  }
  let left = attempts
  const stopped: Attempt[] = []
  for (let pass = 0, failed = 0; left.length > 0 && pass < MOST_PASSES; pass++) {
    if (pass > 0) await delay(PAUSE_MS)
    const table = await tableOf(context, tellBlindly)
    if (table === null) {
      if (++failed === MOST_FAILED_TABLES) break
      continue
    }
    const members = new Map(left.map((attempt) => [attempt, membersOf(context, table, attempt)]))
    for (const attempt of left.filter(mayStop)) begin(attempt, members.get(attempt)!)
    for (const [attempt, own] of members) letGoStrangers(table, own, attempt)
    left = left.filter((attempt) => {
      if (!mayStop(attempt)) return false
      const own = members.get(attempt)!
      const running = own.filter((row) => !row.isStopped && (told.get(keyOf(row)) ?? 0) < MOST_TIMES_TOLD)
      for (const row of running) {
        told.set(keyOf(row), (told.get(keyOf(row)) ?? 0) + 1)
        signal(row.pid, "SIGSTOP")
      }
      for (const group of wholeGroups(table, own)) signal(-group, "SIGSTOP")
      clean.set(attempt, running.length === 0 ? (clean.get(attempt) ?? 0) + 1 : 0)
      STOPPED.set(attempt, { pids: own.map(({ pid }) => pid), groups: [...wholeGroups(table, own)] })
      const isStopped = clean.get(attempt) === CLEAN_PASSES
      if (isStopped) stopped.push(attempt)
      return !isStopped
    })
  }
  return stopped
}

/** What was told to stop by the last table: of groups only those in which there was nobody else. */
const STOPPED = new WeakMap<Attempt, { readonly pids: readonly number[]; readonly groups: readonly number[] }>()

/**
 * Tells what was stopped to stop, once more: somebody may have let it go on, as any process of the account can. It costs a call of the
 * system for each process and group, and asks for no table; so {@link stopTrees} is still to be called now and then, for what has come
 * since. What has the pid of one that is gone goes on with the next table.
 */
export function holdTrees(attempts: readonly Attempt[]): void {
  for (const attempt of attempts) {
    const stopped = STOPPED.get(attempt)
    if (stopped === undefined || !mayStop(attempt) || attempt.suspension.stopped === null) continue
    const there = stopped.pids.filter((pid) => signal(pid, "SIGSTOP"))
    // What one of them has started meanwhile is in its group.
    if (there.length > 0) for (const group of stopped.groups) signal(-group, "SIGSTOP")
    TOLD_BLINDLY.set(attempt, [...new Set([...(TOLD_BLINDLY.get(attempt) ?? []), ...there])])
  }
}

/**
 * Lets a tree go on, those farthest from the supervisor first; but not what the job itself had stopped. Where the process table cannot be
 * had, all that is known of it is told. Never throws.
 *
 * @returns whether a table was had by which it is done; otherwise it is to be told again
 */
export async function continueTree(context: Of, attempt: Attempt): Promise<boolean> {
  for (let pass = 0, failed = 0; pass < MOST_CONTINUING_PASSES; ) {
    const table = await tableOf(context, () => {
      if (attempt.suspension.stopped === null) tellKnown(context, attempt, "SIGCONT")
    })
    if (attempt.suspension.stopped !== null) return true
    if (table === null) {
      if (++failed === MOST_FAILED_TABLES) return false
      continue
    }
    const members = membersOf(context, table, attempt)
    letGoStrangers(table, members, attempt)
    const stopped = members.filter((row) => row.isStopped && !attempt.suspension.isKeptStopped(row))
    if (stopped.length === 0) return true
    for (const row of stopped.reverse()) signal(row.pid, "SIGCONT")
    await delay(PAUSE_MS)
    pass++
  }
  return true
}

/**
 * The process table, or `null` where it cannot be had.
 *
 * @param withoutIt called each time it fails, and when it takes long: its owner does not wait for a `ps`
 */
async function tableOf({ platform }: Of, withoutIt: () => void): Promise<readonly ProcessRow[] | null> {
  const late = setTimeout(withoutIt, TABLE_SOON_MS)
  try {
    return await platform.processes()
  } catch {
    withoutIt()
    return null
  } finally {
    clearTimeout(late)
  }
}

/** Signals what is known of a tree without a table: its group, and what was seen below its supervisor. Returns those that were there. */
function tellKnown({ forker }: Of, attempt: Attempt, name: "SIGSTOP" | "SIGCONT"): number[] {
  const { order, seen, supervisor, suspension } = attempt
  const group = attempt.group ?? groupIn(attempt)
  // The host of a terminal is in a group of its own, and is not stopped.
  const isHosted = order !== null && hasTerminal(order)
  // With the group would go on what the job itself has stopped.
  const keeps = name === "SIGCONT" && suspension.keepsStopped
  if (group !== null && !isHosted) signal(keeps ? group : -group, name)
  const not = new Set([process.pid, forker.pid, supervisor?.pid, isHosted ? group : null])
  return [...seen].flatMap(([pid, start]) => {
    if (not.has(pid) || (keeps && suspension.isKeptStopped({ pid, start }))) return []
    return signal(pid, name) ? [pid] : []
  })
}

/** As its supervisor has written it down: who starts an attempt is not told. */
function groupIn({ folder, supervisor }: Attempt): number | null {
  try {
    const { record } = inspectAttempt(folder)
    return record !== null && record.pid === supervisor?.pid && (record.child ?? 0) > 1 ? record.child : null
  } catch {
    return null
  }
}

/** Pids that were told to stop without a table, until there is one. */
const TOLD_BLINDLY = new WeakMap<Attempt, readonly number[]>()

/** A process that was told without a table may have the pid of one that is gone: it goes on. */
function letGoStrangers(table: readonly ProcessRow[], members: readonly ProcessRow[], attempt: Attempt): void {
  const blind = new Set(TOLD_BLINDLY.get(attempt))
  TOLD_BLINDLY.delete(attempt)
  for (const { pid } of members) blind.delete(pid)
  for (const { pid } of table) if (blind.has(pid)) signal(pid, "SIGCONT")
}

/** Whether it still runs, and nobody wants its end: then its supervisor, and not this, decides over it. */
function mayStop({ phase, stop, status }: Attempt): boolean {
  return phase === "running" && stop === null && status === null
}

/** Groups in which there is nobody else. */
function wholeGroups(table: readonly ProcessRow[], members: readonly ProcessRow[]): ReadonlySet<number> {
  const own = new Set(members.map(({ pid }) => pid))
  const groups = new Set(members.map(({ pgid }) => pgid).filter((pgid) => pgid > 1))
  for (const { pid, pgid } of table) if (!own.has(pid)) groups.delete(pgid)
  return groups
}

function nearestFirst(rows: readonly ProcessRow[]): ProcessRow[] {
  const parents = new Map(rows.map((row) => [row.pid, row.ppid]))
  const depthOf = (pid: number) => {
    let depth = 0
    for (let at = parents.get(pid); at !== undefined && depth <= rows.length; at = parents.get(at)) depth++
    return depth
  }
  const depths = new Map(rows.map((row) => [row, depthOf(row.pid)]))
  return rows.toSorted((a, b) => (depths.get(a) ?? 0) - (depths.get(b) ?? 0))
}

function keyOf({ pid, start }: ProcessRow): string {
  return `${pid} ${start}`
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    // Gone meanwhile.
    return false
  }
}
