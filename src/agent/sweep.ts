import { setTimeout as delay } from "node:timers/promises"
import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import type { ProcessRow } from "./platform/platform.ts"

/** After SIGKILL: what is still there then cannot be ended. */
const GIVE_UP_MS = 5_000
/** After the rest is killed: a PTY host ends by itself once it has told its client how the shell ended. */
const LAST_WORD_MS = 1_000

/**
 * Ends what is left of an attempt's tree ({@link treeOf}) without its supervisor. Asked first, killed after `graceMs`. Returns
 * what could not be ended. Each is known by pid and start.
 */
export async function sweepByToken(
  context: Pick<AgentContext, "platform" | "forker">,
  attempt: Attempt,
  graceMs: number,
): Promise<readonly ProcessRow[]> {
  const killAt = performance.now() + graceMs
  const asked = new Set<string>()
  while (true) {
    const left = await treeOf(context, attempt)
    const now = performance.now()
    if (left.length === 0) return []
    if (now > killAt + GIVE_UP_MS) return left
    for (const row of left) {
      const key = `${row.pid} ${row.start}`
      // What this agent has started of an attempt is the PTY host of a shell beside it.
      const rowKillAt = row.ppid === process.pid ? killAt + LAST_WORD_MS : killAt
      if (now >= rowKillAt) signal(row.pid, "SIGKILL")
      else if (!asked.has(key)) {
        signal(row.pid, "SIGTERM")
        signal(row.pid, "SIGCONT")
      }
      asked.add(key)
    }
    await delay(now >= killAt ? 20 : Math.min(50, Math.max(1, killAt - now)))
  }
}

/**
 * What is there of an attempt's tree: processes that carry its token, were seen below it, are in its group, and everything
 * below these; but this agent and what it runs for itself and beside other attempts.
 */
export async function treeOf(
  context: Pick<AgentContext, "platform" | "forker">,
  attempt: Attempt,
): Promise<readonly ProcessRow[]> {
  const [table, carriers] = await Promise.all([
    context.platform.processes(),
    context.platform.carriers(attempt.id, attempt.folder),
  ])
  const carrying = new Set(carriers.map((row) => row.pid))
  const found = new Set<number>()
  for (const row of table) {
    if (belongsTo(attempt, row) || carrying.has(row.pid)) found.add(row.pid)
  }
  addDescendants(table, found)
  const own = ownProcesses(table, context.forker.pid, carrying)
  return table.filter((row) => found.has(row.pid) && !own.has(row.pid))
}

/** Whether a process is known to be of an attempt's tree: seen below it, or in its group or session. */
export function belongsTo({ seen, group, supervisor }: Attempt, row: ProcessRow): boolean {
  return (
    seen.get(row.pid) === row.start ||
    (group !== null && row.pgid === group) ||
    (supervisor !== null && row.session === supervisor.pid)
  )
}

/** Adds to `pids` every process below one of them. */
export function addDescendants(table: readonly ProcessRow[], pids: Set<number>): void {
  const children = new Map<number, number[]>()
  for (const row of table) {
    const siblings = children.get(row.ppid)
    if (siblings === undefined) children.set(row.ppid, [row.pid])
    else siblings.push(row.pid)
  }
  const next = [...pids]
  for (let pid = next.pop(); pid !== undefined; pid = next.pop()) {
    for (const child of children.get(pid) ?? []) {
      if (pids.has(child)) continue
      pids.add(child)
      next.push(child)
    }
  }
}

/**
 * This agent, its ancestors' side being no concern, and what it runs itself; not what the forker runs, nor the shells beside
 * the attempt whose token is carried by these.
 */
function ownProcesses(
  table: readonly ProcessRow[],
  forker: number | undefined,
  carrying: ReadonlySet<number>,
): Set<number> {
  const own = new Set([process.pid])
  addDescendants(
    table.filter((row) => row.pid !== forker && !carrying.has(row.pid)),
    own,
  )
  if (forker !== undefined) own.add(forker)
  return own
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // Gone meanwhile.
  }
}
