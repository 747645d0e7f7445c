import type { AgentContext } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import type { DaemonSearch } from "./daemon-search.ts"
import { stopTrees } from "./stop-trees.ts"
import type { SuspensionNotes } from "./suspension-notes.ts"

/** A daemon may have started another meanwhile; the rest is found later. */
const MOST_SEARCHES = 5

/**
 * Stops also what has left the trees and is found by its token alone. What comes too late is stopped when it is looked for again.
 *
 * @param isFirst what of it is stopped already was so by the job itself
 * @returns when the last of each was stopped, by the clock that counts sleep, where there was any
 */
export async function stopDaemons(
  context: AgentContext,
  daemons: DaemonSearch,
  notes: SuspensionNotes,
  attempts: readonly Attempt[],
  isFirst: boolean,
): Promise<ReadonlyMap<Attempt, number>> {
  const atMs = new Map<Attempt, number>()
  let left = attempts.filter((attempt) => daemons.isDue(attempt))
  for (let looks = 0; left.length > 0 && looks < MOST_SEARCHES; looks++) {
    const found = await Promise.all(left.map(async (attempt) => [attempt, await daemons.look(attempt)] as const))
    const rest = found.filter(([, all]) => all !== null && all.length > 0)
    for (const [attempt, all] of isFirst ? rest : []) {
      const kept = all?.filter(({ isStopped }) => isStopped) ?? []
      if (kept.length > 0) notes.note(attempt, () => attempt.suspension.keep(notes.where(attempt), kept))
    }
    left = rest.map(([attempt]) => attempt)
    if (left.length === 0) break
    await stopTrees(context, left)
    for (const attempt of left) atMs.set(attempt, context.clock.sleepCountingMs())
  }
  return atMs
}
