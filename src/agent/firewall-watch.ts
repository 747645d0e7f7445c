import { type AgentContext, nameOf } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { isFirewallOn, type OpenListener, ownOpenListeners } from "./platform/darwin-own-listeners.ts"
import { treeOf } from "./sweep.ts"

/** Each look is one `lsof`: at this pace a few thousandths of a core. */
const LOOK_MS = 15_000
/** Who switches the firewall on or off does so seldom, but a listener is told of soon after. */
const STATE_MS = 60_000

/** What the watch looks at; on a Mac the system, in tests something else. */
export interface FirewallWays {
  isOn(): Promise<boolean>
  listeners(): Promise<readonly OpenListener[]>
  pidsOf(attempt: Attempt): Promise<ReadonlySet<number>>
}

/**
 * Tells the owner of a job that listens on more than loopback that macOS's firewall asks about that on the screen of the Mac's owner.
 * There is no way to know before the program does it; so `send` says it beforehand where the command shows it, and this says it
 * of the others when it has happened. Each port of an attempt once.
 */
export class FirewallWatch {
  readonly #context: Pick<AgentContext, "attempts" | "link">
  readonly #ways: FirewallWays
  readonly #told = new Set<string>()
  /** Sockets that were told of, or are of no attempt: whose they are costs more to find out than that they are there. */
  #settled = new Set<string>()
  #state = { isOn: false, atMs: Number.NEGATIVE_INFINITY }

  constructor(context: Pick<AgentContext, "attempts" | "link">, ways: FirewallWays) {
    this.#context = context
    this.#ways = ways
  }

  /** One look. @throws what the commands throw */
  async look(): Promise<void> {
    const running = [...this.#context.attempts.values()].filter(({ live, phase }) => live && phase === "running")
    for (const key of this.#told) {
      if (!running.some(({ sequence }) => key.startsWith(`${sequence} `))) this.#told.delete(key)
    }
    if (running.length === 0 || !(await this.#isOn())) return
    const listeners = await this.#ways.listeners()
    const keyOf = ({ pid, port }: OpenListener) => `${pid} ${port}`
    // A process that ends takes its socket along, and another may get its number.
    this.#settled = new Set(listeners.map(keyOf).filter((key) => this.#settled.has(key)))
    const open = listeners.filter((one) => !this.#settled.has(keyOf(one)))
    if (open.length === 0) return
    const untold = new Set<string>()
    for (const attempt of running) {
      const pids = await this.#ways.pidsOf(attempt)
      for (const listener of open.filter(({ pid }) => pids.has(pid))) {
        if (!this.#tell(attempt, listener.port)) untold.add(keyOf(listener))
      }
    }
    for (const one of open) if (!untold.has(keyOf(one))) this.#settled.add(keyOf(one))
  }

  async #isOn(): Promise<boolean> {
    const now = performance.now()
    if (now - this.#state.atMs >= STATE_MS) this.#state = { isOn: await this.#ways.isOn(), atMs: now }
    return this.#state.isOn
  }

  /** Whether that is said now or was; without a link it is said at a later look. */
  #tell(attempt: Attempt, port: number): boolean {
    const key = `${attempt.sequence} ${port}`
    if (this.#told.has(key)) return true
    if (!this.#context.link.attached || !attempt.adopted) return false
    this.#told.add(key)
    const message = `It listens on port ${port} of all addresses, and this Mac's firewall is on: unless its program is known, macOS asks its owner on the screen, and nobody reaches the port before that is answered. Let it listen on 127.0.0.1 and reach it by: windfall forward`
    this.#context.link.send({ type: "notice", message, ...nameOf(attempt) })
    return true
  }
}

/** Watches as long as the agent lives; on a Mac only. */
export function watchFirewall(context: AgentContext): void {
  if (context.platform.system !== "darwin") return
  const watch = new FirewallWatch(context, {
    isOn: isFirewallOn,
    listeners: ownOpenListeners,
    pidsOf: async (attempt) => new Set((await treeOf(context, attempt)).map(({ pid }) => pid)),
  })
  const plan = () =>
    void setTimeout(() => {
      void watch
        .look()
        .catch(() => {}) // a command that failed this once
        .finally(plan)
    }, LOOK_MS).unref()
  plan()
}
