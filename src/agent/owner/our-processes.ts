import type { AgentContext } from "../agent-context.ts"
import { addDescendants } from "../sweep.ts"
import { membersOf } from "./stop-trees.ts"

/** A process that was somebody's is so for a while. */
const KEPT_MS = 30_000

/** Tells Windfall's own processes and those of jobs from people's. */
export class OurProcesses {
  readonly #context: AgentContext
  readonly #known = new Map<number, { readonly isOurs: boolean; readonly untilMs: number }>()

  constructor(context: AgentContext) {
    this.#context = context
  }

  /** Those of these processes that are this agent's, or of its attempts. Where the process table cannot be had, none. */
  async among(pids: readonly number[]): Promise<ReadonlySet<number>> {
    const now = performance.now()
    if (pids.some((pid) => (this.#known.get(pid)?.untilMs ?? 0) <= now)) await this.#look(pids, now)
    return new Set(pids.filter((pid) => this.#known.get(pid)?.isOurs === true))
  }

  async #look(pids: readonly number[], now: number): Promise<void> {
    const table = await this.#context.platform.processes().catch(() => [])
    const ours = new Set([process.pid])
    if (this.#context.forker.pid !== undefined) ours.add(this.#context.forker.pid)
    for (const attempt of this.#context.attempts.values()) {
      if (attempt.supervisor !== null) ours.add(attempt.supervisor.pid)
      for (const { pid } of membersOf(this.#context, table, attempt)) ours.add(pid)
    }
    addDescendants(table, ours)
    this.#known.clear()
    for (const pid of pids) this.#known.set(pid, { isOurs: ours.has(pid), untilMs: now + KEPT_MS })
  }
}
