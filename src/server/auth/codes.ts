import { CODE_PREFIX, type CodePurpose, type InviteView } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { type CodeId, makeId } from "../../protocol/ids.ts"
import type { StoredCode } from "../../store/codes.ts"
import type { Core } from "../core.ts"
import { type Caller, hashOf } from "./accounts.ts"

/** 160 bits: nobody guesses one, however often they may try. */
const CODE_BYTES = 20

/** What is asked of a new code. */
export interface WantedCode {
  readonly purpose: CodePurpose
  /** The user, or whose Mac it is; shown to administrators. */
  readonly about: string
  /** What else its purpose needs to know, as JSON. Never secrets. */
  readonly detail: unknown
  readonly expiresInMs: number
}

/**
 * Makes a one-time code, within a change. The code itself is returned this once and stored nowhere. It ends with
 * whoever made it, and no later than the token it was made with.
 */
export function createCode(core: Core, wanted: WantedCode, maker: Caller): InviteView & { readonly code: string } {
  const { purpose, about, detail, expiresInMs } = wanted
  const createdAt = core.clock.now()
  const view: InviteView = {
    id: makeId<CodeId>("c", core.randomBytes(16)),
    purpose,
    about,
    madeBy: maker.user,
    createdAt,
    expiresAt: Math.min(createdAt + expiresInMs, maker.tokenExpiresAt ?? Number.POSITIVE_INFINITY),
    usedAt: null,
  }
  const code = `${CODE_PREFIX}${Buffer.from(core.randomBytes(CODE_BYTES)).toString("base64url")}`
  core.store.codes.add({ ...view, detail }, hashOf(code))
  core.ledger.event({ type: "invite_changed", purpose, about, what: `made ${view.id}` }, maker.user)
  return { ...view, code }
}

/**
 * The code with what it is good for, if it still is. It is looked up by its hash, so the time that takes tells nothing of it; only
 * who has the whole code is told that it was used or has expired.
 * @throws {WindfallError} code_refused
 */
export function findCode(core: Core, code: string, purpose: CodePurpose): StoredCode {
  const found = core.store.codes.byHash(hashOf(code))
  if (found === undefined || found.purpose !== purpose) throw refused("it is not one of this server's")
  if (found.usedAt !== null) throw refused(`it was used at ${new Date(found.usedAt).toISOString()}, and works once`)
  if (found.expiresAt <= core.clock.now()) throw refused(`it expired at ${new Date(found.expiresAt).toISOString()}`)
  return found
}

/**
 * Uses a code up, within a change that does what it is good for.
 * @param actor who uses it, for the record
 * @throws {WindfallError} code_refused: nothing is changed then
 */
export function takeCode(
  core: Core,
  code: string,
  purpose: CodePurpose,
  actor: (code: StoredCode) => string,
): StoredCode {
  const found = findCode(core, code, purpose)
  useCode(core, found, actor(found))
  return found
}

/**
 * Whether a code that was found good when something long began may be used up at its end. That it has expired meanwhile does not
 * matter; that it was used or taken back does.
 * @throws {WindfallError} code_refused
 */
export function checkUnused(core: Core, { id }: StoredCode): void {
  const found = core.store.codes.all().find((code) => code.id === id)
  if (found === undefined || found.usedAt !== null) throw refused("it was used or taken back meanwhile")
}

/** Uses up a code that is good, within a change. @param actor who uses it, for the record */
export function useCode(core: Core, { id, purpose, about }: StoredCode, actor: string): void {
  core.store.codes.use(id, core.clock.now())
  core.ledger.event({ type: "invite_changed", purpose, about, what: `used ${id}` }, actor)
}

/** Makes a code good again whose use was taken back, within that change. */
export function freeCode(core: Core, { id, purpose, about }: StoredCode, actor: string): void {
  core.store.codes.free(id)
  core.ledger.event({ type: "invite_changed", purpose, about, what: `use of ${id} taken back` }, actor)
}

function refused(reason: string): WindfallError {
  return new WindfallError("code_refused", `Cannot use the code: ${reason}`, {
    hint: "Ask whoever invited you for a new line; if it was used and not by you, tell them",
  })
}
