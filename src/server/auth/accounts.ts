import { createHash } from "node:crypto"
import type { Role, UserView } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { TokenId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Core } from "../core.ts"
import { WINDFALL } from "../ledger.ts"

/** Who is asking. */
export interface Caller {
  readonly user: string
  readonly role: Role
  readonly token: TokenId
  readonly tokenExpiresAt: number | null
}

/** Also the name of a folder, on file systems that may not tell upper from lower case. */
const USER_NAME = /^[a-z][a-z0-9._-]{0,31}$/

/** The stored form of a token: a hash suffices, since a token is 256 random bits that nobody can guess through it. */
export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex")
}

/**
 * Says whose token this is.
 * @throws {WindfallError} not_logged_in, token_expired
 */
export function callerOf(core: Core, token: string | undefined): Caller {
  const stored = token === undefined ? undefined : core.store.accounts.tokenByHash(hashOf(token))
  if (stored === undefined) {
    const problem = token === undefined ? "no token was given" : "the token is not known here"
    throw new WindfallError("not_logged_in", `Cannot accept the request: ${problem}`, {
      hint: "Log in with a token of this server: windfall login URL",
    })
  }
  const caller = { user: stored.user, role: stored.role, token: stored.id, tokenExpiresAt: stored.expiresAt }
  requireUnexpired(core, caller)
  return caller
}

/** @throws {WindfallError} token_expired */
export function requireUnexpired({ clock }: Pick<Core, "clock">, { tokenExpiresAt }: Caller): void {
  if (tokenExpiresAt === null || tokenExpiresAt > clock.now()) return
  throw new WindfallError("token_expired", "Cannot accept the request: the token has expired", {
    hint: "Ask an administrator for a new one: windfall token create",
  })
}

/** @throws {WindfallError} not_allowed */
export function requireAdmin(caller: Caller, doing: string): void {
  if (caller.role === "admin") return
  throw new WindfallError("not_allowed", `Cannot ${doing}: that takes the admin role`, {
    hint: "Ask an administrator of this server",
  })
}

/** The token may have been revoked since the request came. @throws {WindfallError} not_logged_in */
export function requireStill(core: Pick<Core, "store">, { token }: Caller): void {
  if (core.store.accounts.hasToken(token)) return
  throw new WindfallError("not_logged_in", "Cannot accept the request: its token was revoked meanwhile", {
    hint: "Ask an administrator for a new one: windfall token create",
  })
}

/**
 * Whether a new user may have this name. It is given once: whoever got it again would have the jobs, logs, files and events of
 * the one before.
 * @throws {WindfallError} invalid_input, name_taken
 */
export function checkNewUser(core: Pick<Core, "store">, name: string): void {
  if (!USER_NAME.test(name) || name === WINDFALL) {
    throw new WindfallError("invalid_input", `Cannot add the user "${name.slice(0, 64)}": that is not a name for one`, {
      hint: "Up to 32 of a-z, 0-9, dot, dash and underscore, beginning with a letter",
    })
  }
  if (core.store.accounts.users().some((user) => user.name === name)) {
    throw new WindfallError("name_taken", `Cannot add the user ${name}: there is one already`, {
      hint: `A token for them: windfall token create ${name}   all users: windfall user ls`,
    })
  }
  const removedAt = core.store.accounts.removedAt(name)
  if (removedAt !== undefined) {
    const when = new Date(removedAt).toISOString()
    throw new WindfallError("name_taken", `Cannot add the user ${name}: somebody of that name was removed at ${when}`, {
      hint: `Their jobs, files and events keep the name. Choose another one, for instance ${name.slice(0, 31)}2`,
    })
  }
}

/**
 * Adds a user, within a change.
 * @throws {WindfallError} invalid_input, name_taken
 */
export function addUser(core: Core, name: string, role: Role, actor: string): UserView {
  checkNewUser(core, name)
  const user: UserView = { name, role, createdAt: core.clock.now() }
  core.store.accounts.addUser(user)
  core.ledger.event({ type: "user_changed", user: name, what: `added as ${role}` }, actor)
  return user
}

/**
 * Removes a user with all tokens and secrets, within a change. Jobs that have ended, their files and events stay, under a name
 * that nobody gets again (who left none of these leaves the name, too); jobs that have not would run for nobody, so they must
 * be ended before.
 * @throws {WindfallError} user_not_found, wrong_state
 */
export function removeUser(core: Core, name: string, actor: string): void {
  const users = core.store.accounts.users()
  const user = users.find((each) => each.name === name)
  if (user === undefined) throw noUser(name)
  if (user.role === "admin" && users.filter(({ role }) => role === "admin").length === 1) {
    throw new WindfallError("wrong_state", `Cannot remove ${name}: nobody else has the admin role`, {
      hint: "Give it to somebody before: windfall user add NAME --role admin",
    })
  }
  const unfinished = [...core.table.all()].filter((job) => job.user === name && !isFinal(job.state)).map(({ id }) => id)
  if (unfinished.length > 0) {
    const jobs = unfinished.length === 1 ? "1 job has" : `${unfinished.length} jobs have`
    throw new WindfallError("wrong_state", `Cannot remove ${name}: ${jobs} not ended`, {
      hint: `Wait for them, or stop them: windfall stop ${unfinished.slice(0, 20).join(" ")}`,
      details: { jobs: unfinished.slice(0, 1_000) },
    })
  }
  const data = core.store.data.list().filter(({ user: owner }) => owner === name)
  if (data.length > 0) {
    throw new WindfallError("wrong_state", `Cannot remove ${name}: data of theirs is still here`, {
      hint: `Remove it first: ${data.map((one) => `windfall data rm ${one.name}`).join("; ")}`,
    })
  }
  const models = core.store.models.list().filter((model) => model.user === name)
  if (models.length > 0) {
    throw new WindfallError("wrong_state", `Cannot remove ${name}: models that they serve are still here`, {
      hint: `Remove them first: ${models.map((one) => `windfall model rm ${one.name}`).join("; ")}`,
    })
  }
  core.store.accounts.removeUser(name)
  core.notify.forgetUser(name)
  if (leavesSomething(core, name)) core.store.accounts.keepName(name, core.clock.now())
  core.store.answers.forget(name)
  core.ledger.event({ type: "user_changed", user: name, what: "removed" }, actor)
}

function leavesSomething(core: Core, name: string): boolean {
  return (
    core.store.jobs.list({ user: name, limit: 1 }).length > 0 ||
    core.blobs.users().includes(name) ||
    core.store.modelUsage.hasUsed(name)
  )
}

export function noUser(name: string): WindfallError {
  return new WindfallError(
    "user_not_found",
    `Cannot find the user "${name.slice(0, 64)}": there is none of that name`,
    {
      hint: "See all users: windfall user ls",
    },
  )
}
