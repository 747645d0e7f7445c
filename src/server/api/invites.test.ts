import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { CODE_LIFE_MS, type InviteView, type Role, type TokenView, type UserView } from "../../protocol/api.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import { callerOf } from "../auth/accounts.ts"
import { createCode } from "../auth/codes.ts"
import { inviteUser } from "../auth/user-invite.ts"

type Made = TokenView & { readonly token: string }
const HOUR_MS = 3_600_000

/** As the route does, which wants a server that others can reach. */
function invite(server: TestServer, user: string, options: { role?: Role; token?: string; expiresInMs?: number } = {}) {
  const { core } = server.running
  const { role = null, token = server.adminToken, expiresInMs = HOUR_MS } = options
  return core.ledger.change(() => inviteUser(core, { user, role, expiresInMs }, callerOf(core, token)))
}

const login = (server: TestServer, code: string, key?: string) =>
  server.call<Made>("POST", "/v1/login", { code }, { token: "", ...(key === undefined ? {} : { key }) })

test("a code makes its user and a token once; then it is said to be used, and when", async () => {
  await using server = await TestServer.start()
  const { code, expiresAt, createdAt } = await invite(server, "anna", { role: "admin" })
  assert.equal(expiresAt - createdAt, HOUR_MS)
  const users = async () => (await server.call<{ users: UserView[] }>("GET", "/v1/users")).users.map(({ name }) => name)
  assert.deepEqual(await users(), ["admin"], "nobody is added before it is used")
  const { token, user, role } = await login(server, code, "key-1")
  assert.deepEqual([user, role], ["anna", "admin"])
  assert.equal((await server.call<{ user: string }>("GET", "/v1/me", undefined, { token })).user, "anna")
  assert.equal((await login(server, code, "key-1")).token, token, "a repeat of the very request")
  await assert.rejects(login(server, code), {
    code: "code_refused",
    message: /it was used at \d{4}-.*, and works once/,
  })
  assert.deepEqual(await users(), ["admin", "anna"])

  const more = await invite(server, "anna")
  assert.equal((await login(server, more.code)).role, "admin", "one more machine")
  await assert.rejects(invite(server, "anna", { role: "user" }), { code: "name_taken", message: /with role admin/ })
  await assert.rejects(invite(server, "An na"), { code: "invalid_input" })

  const { events } = await server.call<{ events: WindfallEvent[] }>("GET", "/v1/events")
  const told = events
    .filter((event) => event.type === "invite_changed")
    .map(({ actor, what }) => [actor, what.split(" ")[0]])
  assert.deepEqual(told, [
    ["admin", "made"],
    ["anna", "used"],
    ["admin", "made"],
    ["anna", "used"],
  ])
  assert.ok(!JSON.stringify(events).includes(code.slice(4)))
})

test("a code that has expired, was taken back, is for something else or is wrong does nothing", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const { core } = server.running
  const late = await invite(server, "anna")
  clock.advance(HOUR_MS)
  await assert.rejects(login(server, late.code), { code: "code_refused", message: /it expired at/ })

  const back = await invite(server, "anna")
  const { invites } = await server.call<{ invites: InviteView[] }>("GET", "/v1/invites")
  assert.deepEqual(
    invites.map(({ id }) => id),
    [late.id, back.id],
  )
  await server.call("DELETE", `/v1/invites/${back.id}`)
  await assert.rejects(server.call("DELETE", `/v1/invites/${back.id}`), { code: "invite_not_found" })
  const unknown = { code: "code_refused", message: /not one of this server's/ }
  await assert.rejects(login(server, back.code), unknown)

  const wanted = { purpose: "mac", about: "lena", detail: {}, expiresInMs: HOUR_MS } as const
  const mac = await core.ledger.change(() => createCode(core, wanted, callerOf(core, server.adminToken)))
  await assert.rejects(login(server, mac.code), unknown)
  await assert.rejects(login(server, ""), unknown)
  assert.equal((await server.call<{ users: UserView[] }>("GET", "/v1/users")).users.length, 1)
  clock.advance(CODE_LIFE_MS.maximum + 31 * 86_400_000)
  const { tidy } = await import("../retention.ts")
  await tidy(core)
  assert.equal(core.store.codes.all().length, 0, "none is kept for ever")
})

test("who sends many wrong codes has to wait, whatever the next one is", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const { code } = await invite(server, "anna")
  for (let i = 0; i < 10; i++) await assert.rejects(login(server, `wfc_${i}`), { code: "code_refused" })
  await assert.rejects(login(server, code), { code: "too_many_tries" })
  clock.advance(61_000)
  assert.equal((await login(server, code)).user, "anna")
})

test("a code ends with who made it, and gives no more than the token it was made with", async () => {
  await using server = await TestServer.start()
  await server.call("POST", "/v1/users", { name: "amy", role: "admin" })
  const short = await server.call<Made>("POST", "/v1/tokens", { user: "amy", expiresInMs: HOUR_MS })
  const { code, expiresAt } = await invite(server, "anna", { token: short.token, expiresInMs: 48 * HOUR_MS })
  assert.equal(expiresAt, short.expiresAt)
  const made = await login(server, code)
  assert.ok(made.expiresAt !== null && Math.abs(made.expiresAt - (short.expiresAt ?? 0)) < 1_000)
  const other = await invite(server, "bob", { token: short.token })
  await server.call("DELETE", "/v1/users/amy")
  await assert.rejects(login(server, other.code), { code: "code_refused" })
})

test("only administrators invite, and only where the invited can come", async () => {
  await using server = await TestServer.start()
  const token = await server.userToken("ada")
  const ask = (options = {}) => server.call("POST", "/v1/invites/user", { user: "anna" }, options)
  await assert.rejects(ask({ token }), { code: "not_allowed" })
  await assert.rejects(server.call("GET", "/v1/invites", undefined, { token }), { code: "not_allowed" })
  await assert.rejects(server.call("DELETE", "/v1/invites/x", undefined, { token }), { code: "not_allowed" })
  await assert.rejects(ask(), { code: "wrong_state", hint: /up --detach --lan/ })
  assert.equal(server.running.core.store.codes.all().length, 0)
})
