import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { Me, Role, TokenView } from "../../protocol/api.ts"

type Made = TokenView & { readonly token: string }

const make = (server: TestServer, body: object, token?: string) =>
  server.call<Made>("POST", "/v1/tokens", body, token === undefined ? {} : { token })

test("a token that expires makes none that lasts longer, for whomever", async () => {
  await using server = await TestServer.start()
  for (const [name, role] of [
    ["ada", "user"],
    ["amy", "admin"],
  ] satisfies [string, Role][]) {
    await server.call("POST", "/v1/users", { name, role })
    const short = await make(server, { user: name, expiresInMs: 3_600_000 })
    const before = await server.call<{ tokens: unknown[] }>("GET", "/v1/tokens")
    for (const user of role === "admin" ? [name, "ada", "admin"] : [name]) {
      await assert.rejects(make(server, { user, expiresInMs: 7_200_000 }, short.token), {
        code: "not_allowed",
        message: new RegExp(`for 2h: .* expires before, at ${new Date(short.expiresAt!).toISOString()}`),
      })
    }
    assert.deepEqual(await server.call("GET", "/v1/tokens"), before, "nothing was made")
    assert.equal((await make(server, { user: name, expiresInMs: null }, short.token)).expiresAt, short.expiresAt)
    const shorter = await make(server, { user: name, expiresInMs: 60_000 }, short.token)
    assert.ok(shorter.expiresAt! < short.expiresAt!)
  }
})

test("an administrator's token of the role user may what a user may, and makes none that may more", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const ada = await server.userToken("ada")
  const limited = await make(server, { user: "admin", role: "user" })
  const { token } = limited
  assert.equal((await server.call<Me>("GET", "/v1/me", undefined, { token })).role, "user")
  const { tokens } = await server.call<{ tokens: TokenView[] }>("GET", "/v1/tokens", undefined, { token })
  assert.deepEqual(
    tokens.map(({ user, role }) => [user, role]),
    [
      ["admin", "admin"],
      ["admin", "user"],
    ],
  )
  const { id } = await server.submit({ env: { KEY: "value" } }, { token: ada })
  assert.deepEqual((await server.job(id, { token })).spec.env, {})
  for (const [method, path, body] of [
    ["POST", `/v1/jobs/${id}/stop`, { now: true }],
    ["GET", `/v1/jobs/${id}/logs`, undefined],
    ["POST", "/v1/users", { name: "eve", role: "admin" }],
    ["POST", "/v1/hosts/alpha/drain", {}],
    ["POST", "/v1/tokens", { user: "ada" }],
    ["POST", "/v1/tokens", { user: "admin", role: "admin" }],
  ] as const) {
    await assert.rejects(server.call(method, path, body, { token }), { code: "not_allowed" }, `${method} ${path}`)
  }
  const further = await make(server, { user: "admin" }, token)
  assert.equal(further.role, "user")
  assert.equal((await server.call<Me>("GET", "/v1/me", undefined, { token: further.token })).role, "user")
  await server.stop()
  await server.start()
  assert.equal((await server.call<Me>("GET", "/v1/me", undefined, { token })).role, "user")
})

test("a token may never more than its user", async () => {
  await using server = await TestServer.start()
  await server.userToken("ada")
  await assert.rejects(make(server, { user: "ada", role: "admin" }), { code: "invalid_input", message: /ada/ })
  await assert.rejects(make(server, { user: "ada", role: "boss" }), { code: "invalid_input" })
})
