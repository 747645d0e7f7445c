import type { TokenId } from "../../protocol/ids.ts"
import type { Caller } from "../auth/accounts.ts"
import type { Core } from "../core.ts"

/** Whose data it is, as they are now: what they may not any more is refused. */
export function callerOf(core: Core, user: string): Caller {
  const role = core.store.accounts.users().find(({ name }) => name === user)?.role ?? "user"
  return { user, role, token: "" as TokenId, tokenExpiresAt: null }
}
