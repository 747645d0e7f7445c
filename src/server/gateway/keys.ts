import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import { nearModel } from "../../hive/hub/near-model.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { type KeyId, makeId } from "../../protocol/ids.ts"
import { KEY_PREFIX, type KeyView, type MadeKey, type NewKey, type UnknownModel } from "../../protocol/key-api.ts"
import { periodAt } from "../../protocol/token-limit.ts"
import type { StoredKey } from "../../store/model-keys.ts"
import { type Caller, hashOf, noUser, requireAdmin } from "../auth/accounts.ts"
import type { Core } from "../core.ts"

/** A lab's keys are some hundreds; a script gone wild is stopped before it fills the table. */
const MOST_KEYS_OF_ONE = 200

/**
 * Makes a key, within a change. The key itself is returned this once and stored nowhere. It lasts no longer than the token it is made
 * with. Models may be named before they are served: who sets up an app first is told which are not, and not refused.
 * @throws {WindfallError} user_not_found, not_allowed, wrong_state
 */
export function createKey(core: Core, wanted: NewKey, maker: Caller): MadeKey {
  const user = wanted.user ?? maker.user
  if (user !== maker.user) requireAdmin(maker, `make a key for ${user}`)
  if (!core.store.accounts.users().some(({ name }) => name === user)) throw noUser(user)
  const createdAt = core.clock.now()
  makeRoom(core, user, createdAt)
  const stored: StoredKey = {
    id: makeId<KeyId>("k", core.randomBytes(16)),
    user,
    name: wanted.name,
    models: wanted.models,
    limit: wanted.limit,
    createdAt,
    expiresAt: expiryOf(wanted.expiresInMs, maker.tokenExpiresAt, createdAt),
  }
  const key = `${KEY_PREFIX}${Buffer.from(core.randomBytes(32)).toString("base64url")}`
  core.store.modelKeys.add(stored, hashOf(key))
  core.ledger.event({ type: "key_changed", user, what: `created ${stored.id} for ${stored.name}` }, maker.user)
  return { ...stored, usedTokens: 0, key, unknownModels: unknownModels(core, wanted.models ?? []) }
}

/** Keys that have expired are kept to be seen, as long as there is room: else that goes which has been useless for longest. */
function makeRoom(core: Core, user: string, now: number): void {
  const own = core.store.modelKeys.all().filter((key) => key.user === user)
  if (own.length < MOST_KEYS_OF_ONE) return
  const [first] = own
    .flatMap(({ id, expiresAt }) => (expiresAt !== null && expiresAt <= now ? { id, expiresAt } : []))
    .sort((a, b) => a.expiresAt - b.expiresAt)
  if (first === undefined) {
    throw new WindfallError("wrong_state", `Cannot make a key: ${user} has ${own.length} already`, {
      hint: "Remove those that are not used: windfall key ls, windfall key rm ID",
    })
  }
  core.store.modelKeys.remove(first.id)
  core.ledger.event({ type: "key_changed", user, what: `removed ${first.id}, which had expired, for a new one` })
}

function unknownModels(core: Core, wanted: readonly string[]): UnknownModel[] {
  if (wanted.length === 0) return []
  const known = core.store.models.list().map(({ name }) => name)
  return wanted.filter((name) => !known.includes(name)).map((name) => ({ name, near: nearModel(name, known) ?? null }))
}

function expiryOf(expiresInMs: number | null, endOfMaker: number | null, now: number): number | null {
  if (expiresInMs === null) return endOfMaker
  return Math.min(now + expiresInMs, endOfMaker ?? Number.POSITIVE_INFINITY)
}

/**
 * Makes a key useless, within a change. Answers under way with it end.
 * @throws {WindfallError} key_not_found, also for somebody else's
 */
export function removeKey(core: Core, id: string, caller: Caller): void {
  const key = core.store.modelKeys.all().find((each) => each.id === id)
  if (key === undefined || (key.user !== caller.user && caller.role !== "admin")) {
    throw new WindfallError("key_not_found", `Cannot remove the key ${id.slice(0, 64)}: there is none of that id`, {
      hint: "See all keys with their ids: windfall key ls",
    })
  }
  core.store.modelKeys.remove(key.id)
  core.ledger.event({ type: "key_changed", user: key.user, what: `removed ${key.id}` }, caller.user)
}

/** The caller's keys, and for an administrator everybody's. */
export function keysFor(core: Core, caller: Caller): KeyView[] {
  const all = core.store.modelKeys.all()
  return all.filter(({ user }) => user === caller.user || caller.role === "admin").map((key) => viewOf(core, key))
}

function viewOf(core: Core, key: StoredKey): KeyView {
  const { limit } = key
  const now = core.clock.now()
  const usedTokens = limit === null ? 0 : core.store.modelUsage.ofKey(key.id, periodAt(limit.per, now).fromMs).tokens
  return { ...key, usedTokens }
}

/**
 * Whose key a request brings: as bearer, or in Anthropic's header. LiteLLM knows a bad key only by these words.
 * @throws {GatewayProblem} wrong_key
 */
export function keyOf(core: Core, headers: { readonly [name: string]: string | string[] | undefined }): StoredKey {
  const sent = sentKey(headers)
  const wrong = (reason: string) => new GatewayProblem("wrong_key", `Incorrect API key provided: ${reason}`)
  if (sent === undefined) {
    const isOdd = headers.authorization !== undefined || headers["x-api-key"] !== undefined
    throw wrong(
      isOdd
        ? "what was sent has not the form of one. It goes as Authorization: Bearer KEY, or as x-api-key: KEY"
        : "none was sent. Make one: windfall key create NAME",
    )
  }
  const key = core.store.modelKeys.byHash(hashOf(sent))
  if (key === undefined) {
    const isToken = !sent.startsWith(KEY_PREFIX) && sent.startsWith("wf_")
    throw wrong(
      isToken
        ? "this is a token of Windfall's API. Make a key with it: windfall key create NAME"
        : "it is not known here. Make one: windfall key create NAME",
    )
  }
  if (key.expiresAt !== null && key.expiresAt <= core.clock.now())
    throw wrong("it has expired. Make a new one: windfall key create NAME")
  return key
}

function sentKey({ authorization, "x-api-key": apiKey }: { readonly [name: string]: string | string[] | undefined }) {
  const bearer = typeof authorization === "string" ? /^Bearer +(\S{1,200})$/i.exec(authorization)?.[1] : undefined
  return bearer ?? (typeof apiKey === "string" && /^\S{1,200}$/.test(apiKey) ? apiKey : undefined)
}
