import type { InviteView, Role, TokenView, UserInviteRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { Core } from "../core.ts"
import { addUser, type Caller, checkNewUser } from "./accounts.ts"
import { createCode, takeCode } from "./codes.ts"
import { createToken } from "./tokens.ts"

/** What a code for a user carries. */
interface UserDetail {
  readonly role: Role
  /** No token made by it lasts longer than the one it was made with. */
  readonly tokenExpiresAt: number | null
}

/**
 * Invites somebody to become a user, or a user to log in on one more machine, within a change. Nobody is added before the
 * code is used.
 * @throws {WindfallError} invalid_input, name_taken
 */
export function inviteUser(
  core: Core,
  { user, role, expiresInMs }: UserInviteRequest,
  maker: Caller,
): InviteView & { readonly code: string } {
  const known = core.store.accounts.users().find(({ name }) => name === user)
  if (known === undefined) checkNewUser(core, user)
  else if (role !== null && role !== known.role) {
    throw new WindfallError(
      "name_taken",
      `Cannot invite ${user} as ${role}: there is one already, with role ${known.role}`,
      {
        hint: "Leave --role out: the line then logs that user in on one more machine",
      },
    )
  }
  const detail: UserDetail = { role: known?.role ?? role ?? "user", tokenExpiresAt: maker.tokenExpiresAt }
  return createCode(core, { purpose: "user", about: user, detail, expiresInMs }, maker)
}

/**
 * Uses such a code up, within a change: adds the user if need be, and makes a token.
 * @throws {WindfallError} code_refused; name_taken when somebody of that name was removed meanwhile
 */
export function acceptUserInvite(core: Core, code: string): TokenView & { readonly token: string } {
  const { about: user, detail, madeBy } = takeCode(core, code, "user", ({ about }) => about)
  const { role, tokenExpiresAt } = detail as UserDetail
  const known = core.store.accounts.users().find(({ name }) => name === user)
  if (known === undefined) addUser(core, user, role, madeBy)
  const expiresInMs = tokenExpiresAt === null ? null : tokenExpiresAt - core.clock.now()
  return createToken(core, { user, role: null, expiresInMs }, null)
}
