import assert from "node:assert/strict"
import { test } from "node:test"
import { TestServer } from "../../../test/support/test-server.ts"
import type { Role, TokenView } from "../../protocol/api.ts"

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
