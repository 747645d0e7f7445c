import { lesserRole, type Role, type SecretView, type TokenView, type UserView } from "../protocol/api.ts"
import type { TokenId } from "../protocol/ids.ts"
import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type TokenRow = Schema["tokens"]
type OwnedTokenRow = TokenRow & { readonly user_role: string }
type UserRow = Schema["users"]

/** Users, their tokens and their secrets. */
export class AccountStore {
  readonly #addUser
  readonly #removeUser
  readonly #addFormer
  readonly #former
  readonly #users
  readonly #addToken
  readonly #removeToken
  readonly #tokens
  readonly #tokenByHash
  readonly #hasToken
  readonly #setSecret
  readonly #removeSecret
  readonly #secrets
  readonly #secret

  constructor(database: Database) {
    this.#addUser = database.statement<UserRow>((q, v) =>
      q.insertInto("users").values({ name: v.name, role: v.role, created_at: v.created_at }),
    )
    this.#removeUser = database.statement<{ name: string }>((q, v) => q.deleteFrom("users").where("name", "=", v.name))
    this.#addFormer = database.statement<Schema["former_users"]>((q, v) =>
      q.insertInto("former_users").values({ name: v.name, removed_at: v.removed_at }),
    )
    this.#former = database.statement<{ name: string }, { removed_at: number }>((q, v) =>
      q.selectFrom("former_users").select("removed_at").where("name", "=", v.name),
    )
    this.#users = database.statement<object, UserRow>((q) => q.selectFrom("users").selectAll().orderBy("name"))
    this.#addToken = database.statement<TokenRow>((q, v) =>
      q.insertInto("tokens").values({
        id: v.id,
        user: v.user,
        sha256: v.sha256,
        created_at: v.created_at,
        expires_at: v.expires_at,
        role: v.role,
      }),
    )
    this.#removeToken = database.statement<{ id: string }>((q, v) => q.deleteFrom("tokens").where("id", "=", v.id))
    this.#tokens = database.statement<object, OwnedTokenRow>((q) =>
      q
        .selectFrom("tokens")
        .innerJoin("users", "users.name", "tokens.user")
        .selectAll("tokens")
        .select("users.role as user_role")
        .orderBy("tokens.created_at")
        .orderBy("tokens.id"),
    )
    this.#tokenByHash = database.statement<{ sha256: string }, OwnedTokenRow>((q, v) =>
      q
        .selectFrom("tokens")
        .innerJoin("users", "users.name", "tokens.user")
        .selectAll("tokens")
        .select("users.role as user_role")
        .where("tokens.sha256", "=", v.sha256),
    )
    this.#hasToken = database.statement<{ id: string }>((q, v) =>
      q.selectFrom("tokens").select("id").where("id", "=", v.id),
    )
    this.#setSecret = database.statement<Schema["secrets"]>((q, v) =>
      q.replaceInto("secrets").values({ user: v.user, name: v.name, sealed: v.sealed, changed_at: v.changed_at }),
    )
    this.#removeSecret = database.statement<{ user: string; name: string }>((q, v) =>
      q.deleteFrom("secrets").where("user", "=", v.user).where("name", "=", v.name),
    )
    this.#secrets = database.statement<{ user: string }, { name: string; changed_at: number }>((q, v) =>
      q.selectFrom("secrets").select(["name", "changed_at"]).where("user", "=", v.user).orderBy("name"),
    )
    this.#secret = database.statement<{ user: string; name: string }, { sealed: Uint8Array }>((q, v) =>
      q.selectFrom("secrets").select("sealed").where("user", "=", v.user).where("name", "=", v.name),
    )
  }

  addUser(user: UserView): void {
    this.#addUser.run({ name: user.name, role: user.role, created_at: user.createdAt })
  }

  /** Also ends the user's tokens and removes the user's secrets. */
  removeUser(name: string): void {
    this.#removeUser.run({ name })
  }

  /** Takes the name of somebody who was removed `at` this time, milliseconds since 1970, for ever. */
  keepName(name: string, at: number): void {
    this.#addFormer.run({ name, removed_at: at })
  }

  /** When the user who had this name was removed, milliseconds since 1970; `undefined` when the name is not kept. */
  removedAt(name: string): number | undefined {
    return this.#former.get({ name })?.removed_at
  }

  users(): UserView[] {
    return this.#users.all({}).map((row) => ({ name: row.name, role: row.role as Role, createdAt: row.created_at }))
  }

  /** @param role `null`: whatever its user's is */
  addToken(token: Omit<TokenView, "role">, role: Role | null, sha256: string): void {
    this.#addToken.run({
      id: token.id,
      user: token.user,
      sha256,
      created_at: token.createdAt,
      expires_at: token.expiresAt,
      role,
    })
  }

  /** Whether there was one. */
  removeToken(id: TokenId): boolean {
    return this.#removeToken.run({ id }) > 0
  }

  tokens(): TokenView[] {
    return this.#tokens.all({}).map(toToken)
  }

  tokenByHash(sha256: string): TokenView | undefined {
    const row = this.#tokenByHash.get({ sha256 })
    return row === undefined ? undefined : toToken(row)
  }

  hasToken(id: TokenId): boolean {
    return this.#hasToken.get({ id }) !== undefined
  }

  setSecret(user: string, name: string, sealed: Uint8Array, changedAt: number): void {
    this.#setSecret.run({ user, name, sealed, changed_at: changedAt })
  }

  /** Whether there was one. */
  removeSecret(user: string, name: string): boolean {
    return this.#removeSecret.run({ user, name }) > 0
  }

  secrets(user: string): SecretView[] {
    return this.#secrets.all({ user }).map((row) => ({ name: row.name, changedAt: row.changed_at }))
  }

  /** The sealed value, or `undefined` when the user has no such secret. */
  secret(user: string, name: string): Uint8Array | undefined {
    return this.#secret.get({ user, name })?.sealed
  }
}

function toToken(row: OwnedTokenRow): TokenView {
  const ofUser = row.user_role as Role
  return {
    id: row.id as TokenId,
    user: row.user,
    role: row.role === null ? ofUser : lesserRole(row.role as Role, ofUser),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}
