import type { AgentContext } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import { shellHostsBeside } from "../attempt-folder.ts"
import type { ProcessRow } from "../platform/platform.ts"
import { addDescendants, belongsTo } from "../sweep.ts"

type Of = Pick<AgentContext, "platform" | "forker" | "attempts" | "clock">

/** Starts are rounded, and told by different clocks. */
const START_GRAIN = 2

/**
 * Daemons of an attempt that were not known yet, from now on known as of its tree (`seen`): processes that carry its token, have lost their
 * parents to the system, and are in no group or session by which it is known. It looks at the environments and working folders of all of
 * the account's processes, some hundred milliseconds on a Mac, so it is asked rarely.
 *
 * Not among them is what people at the other end have open beside the job (the host of a shell and what is in it, an sshd for it), nor
 * whoever merely has the attempt's folder open: what these are below of is no orphan, or is older than the attempt.
 *
 * @returns the new ones, with those below them
 * @throws where the process table cannot be had
 */
export async function findDaemons(context: Of, attempt: Attempt): Promise<ProcessRow[]> {
  const { platform, clock } = context
  // Where the supervisor adopts what loses its parents, there are none.
  if (platform.sweepIsTotal || attempt.supervisor === null) return []
  const [carriers, table] = await Promise.all([platform.carriers(attempt.id, attempt.folder), platform.processes()])
  const carrying = new Map(carriers.map(({ pid, start }) => [pid, start]))
  const rows = new Map(table.map((row) => [row.pid, row]))
  const apart = partedFrom(context, attempt)
  const above = aboveOf(process.pid, rows)
  const { startedAt } = attempt
  const since = startedAt === null ? 0 : platform.startBefore(clock.now() - startedAt) - START_GRAIN
  const isOrphaned = (carrier: ProcessRow) => {
    let top = carrier
    for (let depth = 0; depth <= rows.size; depth++) {
      if (apart.has(top.pid) || belongsTo(attempt, top)) return false
      // An orphan goes to the first process, or to one above us that asked for orphans.
      if (top.ppid === 1 || above.has(top.ppid)) return Number(top.start) >= since
      const parent = rows.get(top.ppid)
      if (parent === undefined) return false
      top = parent
    }
    return false
  }
  const roots = table.filter((row) => carrying.get(row.pid) === row.start && !above.has(row.pid) && isOrphaned(row))
  const pids = new Set(roots.map(({ pid }) => pid))
  addDescendants(table, pids)
  const found = table.filter(({ pid }) => pids.has(pid))
  for (const { pid, start } of found) attempt.seen.set(pid, start)
  return found
}

/** Processes below which there is no daemon: this agent's, other trees, and what people have open beside this one. */
function partedFrom({ forker, attempts }: Of, { folder }: Attempt): ReadonlySet<number> {
  const apart = new Set([process.pid, ...shellHostsBeside(folder)])
  if (forker.pid !== undefined) apart.add(forker.pid)
  for (const { supervisor } of attempts.values()) if (supervisor !== null) apart.add(supervisor.pid)
  return apart
}

function aboveOf(pid: number, rows: ReadonlyMap<number, ProcessRow>): ReadonlySet<number> {
  const found = new Set<number>()
  for (
    let next = rows.get(pid)?.ppid;
    next !== undefined && next > 0 && !found.has(next);
    next = rows.get(next)?.ppid
  ) {
    found.add(next)
  }
  return found
}
