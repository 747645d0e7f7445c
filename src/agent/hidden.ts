import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import type { ProcessRow } from "./platform/platform.ts"
import { addDescendants, belongsTo } from "./sweep.ts"

/** A tree that is being swept may still start something. */
const SWEEP_MS = 10_000
/** A start and a time on the clock are not rounded alike. */
const START_GRAIN = 2

/**
 * Processes that an attempt which has just been swept probably left: they hide from all by which a tree is known, so there
 * is no proof, only that nothing else in this account can have started them. They are of this account, have lost their
 * parents, were born while the attempt ran and while none ran that still does, and the account is not used by anybody
 * else. Where it is, nobody is accused: those could be an owner's own.
 */
export function hiddenIn(
  table: readonly ProcessRow[],
  context: Pick<AgentContext, "clock" | "platform" | "forker" | "attempts" | "leftovers">,
  attempt: Attempt,
): ProcessRow[] {
  const { supervisor, status } = attempt
  if (supervisor === null) return []
  const from = startOf(attempt, context)
  // It may have ended long ago, when no agent was there.
  const endedAgoMs = status === null ? 0 : Math.max(0, context.clock.now() - status.endedAt - SWEEP_MS)
  const until = context.platform.startBefore(endedAgoMs)
  const alive = [...context.attempts.values()]
    .filter((other) => other !== attempt && other.phase !== "ended" && other.supervisor !== null)
    .map((other) => startOf(other, context))
  const strangers = strangersIn(table, context)
  const isShared = strangers.some((row) => Number(row.start) < Math.min(from, ...alive))
  if (isShared) return []
  const parents = ancestorsOf(process.pid, table)
  const suspects = strangers
    // An orphan goes to the first process, or to one above us that asked for orphans.
    .filter((row) => row.ppid === 1 || parents.has(row.ppid))
    .filter((row) => Number(row.start) >= from && Number(row.start) <= until)
    .filter((row) => !alive.some((start) => Number(row.start) >= start))
  const pids = new Set(suspects.map((row) => row.pid))
  addDescendants(table, pids)
  return strangers.filter((row) => pids.has(row.pid))
}

/** When an attempt began, as starts are numbered. Its supervisor may be older: it may have had others before. */
function startOf(
  { supervisor, startedAt }: Attempt,
  { clock, platform }: Pick<AgentContext, "clock" | "platform">,
): number {
  const since = Number(supervisor?.start)
  return startedAt === null ? since : Math.max(since, platform.startBefore(clock.now() - startedAt) - START_GRAIN)
}

/** Processes of this account that are neither the system's, nor this agent's, nor an attempt's, nor known strays. */
function strangersIn(
  table: readonly ProcessRow[],
  { platform, forker, attempts, leftovers }: Pick<AgentContext, "platform" | "forker" | "attempts" | "leftovers">,
): ProcessRow[] {
  const known = new Set([process.pid, ...(forker.pid === undefined ? [] : [forker.pid])])
  for (const row of table) {
    if (leftovers.has(row)) known.add(row.pid)
    for (const attempt of attempts.values()) {
      // In a supervisor's own group is also what holds sleep off for it, and what is just ending with it.
      if (belongsTo(attempt, row) || row.pgid === attempt.supervisor?.pid) known.add(row.pid)
    }
  }
  addDescendants(table, known)
  const above = ancestorsOf(process.pid, table)
  return platform.ofAccount(table).filter((row) => !row.ofSystem && !known.has(row.pid) && !above.has(row.pid))
}

function ancestorsOf(pid: number, table: readonly ProcessRow[]): Set<number> {
  const parents = new Map(table.map((row) => [row.pid, row.ppid]))
  const found = new Set<number>()
  for (let next = parents.get(pid); next !== undefined && next > 0 && !found.has(next); next = parents.get(next)) {
    found.add(next)
  }
  return found
}
