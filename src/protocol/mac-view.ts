import type { HostId } from "./ids.ts"
import type { OwnerView } from "./owner-api.ts"

/**
 * How a Mac stands, for its owner: what `windfall mac ... --json` prints, whether the Mac's own agent answered or the server. The
 * same fields in the same meaning; what only the server knows is `null` in an agent's answer.
 */
export interface MacView extends Omit<OwnerView, "host" | "fleet"> {
  /** Its id in the pool; `null` from its agent. */
  readonly host: HostId | null
  /** `null` from its agent. */
  readonly fleet: string | null
  readonly answeredBy: "mac" | "server"
}

/** The server's answer in the shape that both have. */
export function macViewOf(view: OwnerView): MacView {
  return { ...view, answeredBy: "server" }
}
