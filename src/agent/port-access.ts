import { WindfallError } from "../protocol/errors.ts"
import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import type { PortListener } from "./platform/platform.ts"
import { treeOf } from "./sweep.ts"

/** How long an answer counts where the system does not name sockets: finding it costs some tenths of a second there. */
const KNOWN_MS = 2_000
/** Ports asked for lately, at most. */
const MAX_KNOWN = 200

interface Known {
  readonly sockets: string | null
  readonly atMs: number
  readonly addresses: readonly string[]
}

/**
 * Which addresses of this host lead to a port of an attempt. Only what a process of the attempt's tree listens on is reached
 * through Windfall: other services of the host are none of its business, also those that trust whoever comes from this machine.
 */
export class PortAccess {
  readonly #context: AgentContext
  readonly #known = new Map<string, Known>()

  constructor(context: AgentContext) {
    this.#context = context
  }

  /**
   * Where to connect to, the best first.
   * @throws {WindfallError} wrong_state: nothing listens there, or somebody else does
   */
  async addresses(attempt: Attempt, port: number): Promise<readonly string[]> {
    const { platform } = this.#context
    const listeners = await platform.listeners(port)
    if (listeners.length === 0) {
      throw new WindfallError("wrong_state", `Cannot connect to port ${port}: nothing listens there yet`)
    }
    const key = `${attempt.sequence} ${port}`
    const sockets = listeners.every(({ id }) => id !== null) ? listeners.map(({ id }) => id).join(" ") : null
    const known = this.#known.get(key)
    const isFresh = known !== undefined && performance.now() - known.atMs < KNOWN_MS
    if (known?.sockets === sockets && (sockets !== null || isFresh)) return known.addresses
    const tree = new Set((await treeOf(this.#context, attempt)).map(({ pid }) => pid))
    const addresses = reachable(listeners, platform.heldBy(listeners, tree))
    if (addresses.length === 0) {
      throw new WindfallError("wrong_state", `Cannot connect to port ${port}: what listens there is not of this job`, {
        hint: "Let the job listen on a port that nobody else on its host uses",
      })
    }
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    this.#known.set(key, { sockets, atMs: performance.now(), addresses })
    return addresses
  }
}

/**
 * Addresses at which nobody but one of `own` can answer. More than one may take a connection to an address: who is bound to
 * just that one, and who is bound to all.
 */
export function reachable(listeners: readonly PortListener[], own: readonly PortListener[]): string[] {
  const others = listeners.filter((one) => !own.includes(one))
  const candidates = own.flatMap(({ address }) => {
    if (address === "0.0.0.0") return ["127.0.0.1"]
    return address === "::" ? ["::1", "127.0.0.1"] : [address]
  })
  const free = [...new Set(candidates)].filter((address) => !others.some((other) => takes(other.address, address)))
  return free.toSorted((a, b) => rank(a) - rank(b))
}

/** Whether who is bound to `bound` may get a connection to `address`. */
function takes(bound: string, address: string): boolean {
  if (bound === "0.0.0.0") return !address.includes(":")
  // It takes IPv4 too, unless it was told not to, which cannot be seen.
  return bound === "::" || bound === address
}

function rank(address: string): number {
  return address === "127.0.0.1" ? 0 : address === "::1" ? 1 : 2
}
