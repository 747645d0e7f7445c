import { durationText } from "../../base/duration.ts"
import { lesserRole, type Role, type TokenView, type UserView } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { makeId, type TokenId } from "../../protocol/ids.ts"
import type { Core } from "../core.ts"
import { WINDFALL } from "../ledger.ts"
import { type Caller, hashOf, noUser } from "./accounts.ts"

/** What is asked of a new token. */
export interface WantedToken {
  readonly user: string
  /** `null`: its user's, or that of the token it is made with where that is less. */
  readonly role: Role | null
  /** `null`: as long as the token it is made with, which mostly is for ever. */
  readonly expiresInMs: number | null
}

/**
 * Makes a token, within a change. The token itself is returned this once and stored nowhere. No token makes
 * one that lasts longer or may more than itself or its user.
 * @param maker `null` for the server itself
 * @throws {WindfallError} user_not_found, invalid_input, not_allowed
 */
export function createToken(
  core: Core,
  { user, role, expiresInMs }: WantedToken,
  maker: Caller | null,
): TokenView & { readonly token: string } {
  const owner = core.store.accounts.users().find(({ name }) => name === user)
  if (owner === undefined) throw noUser(user)
  const kept = keptRole(role, owner, maker)
  const now = core.clock.now()
  const view: TokenView = {
    id: makeId<TokenId>("t", core.randomBytes(16)),
    user,
    role: kept ?? owner.role,
    createdAt: now,
    expiresAt: expiryOf(expiresInMs, maker?.tokenExpiresAt ?? null, now),
  }
  const token = `wf_${Buffer.from(core.randomBytes(32)).toString("base64url")}`
  core.store.accounts.addToken(view, kept, hashOf(token))
  core.ledger.event(
    { type: "token_changed", user, what: `created ${view.id} as ${view.role}` },
    maker?.user ?? WINDFALL,
  )
  return { ...view, token }
}

/** The role that is stored; `null` for whatever the owner's is. */
function keptRole(role: Role | null, owner: UserView, maker: Caller | null): Role | null {
  const most = maker === null ? owner.role : lesserRole(owner.role, maker.role)
  if (role === null) return most === owner.role ? null : most
  if (lesserRole(role, most) === role) return role
  if (owner.role !== "admin") {
    throw new WindfallError(
      "invalid_input",
      `Cannot make a token of the role ${role} for ${owner.name}: a ${owner.role}`,
      {
        hint: "A token may at most what its user may. Leave --role out for just that",
      },
    )
  }
  throw new WindfallError(
    "not_allowed",
    `Cannot make a token of the role ${role}: the one it is made with is a ${most}'s`,
    {
      hint: "Make it with a token of the admin role",
    },
  )
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
