import type { KeyId } from "./ids.ts"
import type { TokenLimit } from "./token-limit.ts"

/** What keys for models begin with: some clients take nothing for a key that does not begin with `sk-`. */
export const KEY_PREFIX = "sk-wf-"

/** Why a text cannot name a key, or `null` when it can. */
export function keyNameProblem(name: string): string | null {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)
    ? null
    : "a name has up to 63 letters, digits, dots, dashes and underscores, and starts with a letter or digit"
}

/** How long a key may last that is to expire, in milliseconds. */
export const KEY_LIFE_MS = { minimum: 1_000, maximum: 3_660 * 86_400_000 }

/**
 * GET /v1/keys, DELETE /v1/keys/ID. POST /v1/keys `{ name, user?, models?, expiresInMs?, limit? }` answers {@link MadeKey}.
 */
export interface KeyView {
  readonly id: KeyId
  readonly user: string
  /** Which app it is for, in its user's words. */
  readonly name: string
  /** The models it is for; `null`: all there are. */
  readonly models: readonly string[] | null
  readonly limit: TokenLimit | null
  /** Used of the limit's current period; 0 without a limit. */
  readonly usedTokens: number
  readonly createdAt: number
  /** `null`: never. */
  readonly expiresAt: number | null
}

/** A new key, told this once. */
export interface MadeKey extends KeyView {
  /** What clients send. */
  readonly key: string
  /** Those of its models that nobody serves, nor has stopped, as yet: it is for them once they are. */
  readonly unknownModels: readonly UnknownModel[]
}

export interface UnknownModel {
  readonly name: string
  /** A model that is called nearly so; `null`: none is. */
  readonly near: string | null
}

/** What POST /v1/keys takes; what is left out means all models, for ever, without a limit, for oneself. */
export interface NewKey {
  readonly name: string
  readonly user: string | null
  readonly models: readonly string[] | null
  readonly expiresInMs: number | null
  readonly limit: TokenLimit | null
}

export const KEY_USAGE_GROUPS = ["key", "model", "user"] as const

/** GET /v1/keys/usage?since=: what models were used, by user, key and model. One's own; an administrator's answer has everybody's. */
export interface KeyUsageView {
  /** Milliseconds since 1970, the full hour at or before what was asked. */
  readonly since: number
  readonly rows: readonly KeyUsageRow[]
}

export interface KeyUsageRow {
  readonly user: string
  /** The key's id; keys that were removed keep theirs. */
  readonly key: string
  /** Also of a removed one; `null`: an earlier release removed it. */
  readonly keyName: string | null
  readonly removed: boolean
  readonly model: string
  readonly requests: number
  /** As the engine counted. */
  readonly promptTokens: number
  /** Of these: found in the engine's cache. */
  readonly cachedTokens: number
  readonly completionTokens: number
  /** Requests that were cut before the engine told its count: of these only a guess is known. */
  readonly cutRequests: number
  readonly guessedTokens: number
}
