import { durationText } from "../../base/duration.ts"
import type { TokenView } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { makeId, type TokenId } from "../../protocol/ids.ts"
import type { Core } from "../core.ts"
import { WINDFALL } from "../ledger.ts"
import { type Caller, hashOf, noUser } from "./accounts.ts"

/** What is asked of a new token. */
export interface WantedToken {
  readonly user: string
  /** `null`: as long as the token it is made with, which mostly is for ever. */
  readonly expiresInMs: number | null
}

/**
 * Makes a token, within a change. The token itself is returned this once and stored nowhere. Whoever has a token that ends
 * cannot make one that outlives it.
 * @param maker `null` for the server itself
 * @throws {WindfallError} user_not_found, not_allowed
 */
export function createToken(
  core: Core,
  { user, expiresInMs }: WantedToken,
  maker: Caller | null,
): TokenView & { readonly token: string } {
  if (!core.store.accounts.users().some(({ name }) => name === user)) throw noUser(user)
  const now = core.clock.now()
  const view: TokenView = {
    id: makeId<TokenId>("t", core.randomBytes(16)),
    user,
    createdAt: now,
    expiresAt: expiryOf(expiresInMs, maker?.tokenExpiresAt ?? null, now),
  }
  const token = `wf_${Buffer.from(core.randomBytes(32)).toString("base64url")}`
  core.store.accounts.addToken(view, hashOf(token))
  core.ledger.event({ type: "token_changed", user, what: `created ${view.id}` }, maker?.user ?? WINDFALL)
  return { ...view, token }
}

function expiryOf(expiresInMs: number | null, endOfMaker: number | null, now: number): number | null {
  if (expiresInMs === null) return endOfMaker
  if (endOfMaker !== null && now + expiresInMs > endOfMaker) {
    const end = new Date(endOfMaker).toISOString()
    throw new WindfallError(
      "not_allowed",
      `Cannot make a token for ${durationText(expiresInMs)}: the one it is made with expires before, at ${end}`,
      { hint: "Leave --expires out, and both end together. An administrator can make one that lasts longer" },
    )
  }
  return now + expiresInMs
}
