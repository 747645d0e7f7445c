import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { beginStream, chatChunk, data } from "../../../test/support/scripted-engine.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { KeyUsageView, KeyView, MadeKey } from "../../protocol/key-api.ts"

test("a key is told once, stored as a hash, and belongs to its user", async () => {
  await using scene = await GatewayScene.start()
  const { server } = scene
  const ada = await server.userToken("ada")
  const made = await scene.makeKey({ name: "editor", models: ["tiny"], limit: { tokens: 1_000, per: "day" } }, ada)
  assert.match(made.key, /^sk-wf-[\w-]{43}$/)
  const { keys } = await server.call<{ keys: KeyView[] }>("GET", "/v1/keys", undefined, { token: ada })
  const { key, unknownModels: _, ...view } = made
  assert.deepEqual(keys, [view])
  assert.equal((await server.call<{ keys: unknown[] }>("GET", "/v1/keys")).keys.length, 2, "an administrator sees all")
  await (await scene.chat({}, { key })).json()
  const files = ["windfall.db", "windfall.db-wal"].map((name) => readFileSync(server.folder.at(`data/${name}`)))
  assert.ok(files.every((bytes) => !bytes.includes(key)))
  assert.ok(server.troubles.every((line) => !line.includes(key)))
  const eve = await server.userToken("eve")
  await assert.rejects(server.call("DELETE", `/v1/keys/${made.id}`, undefined, { token: eve }), {
    code: "key_not_found",
  })
  await assert.rejects(scene.makeKey({ user: "ada" }, eve), { code: "not_allowed" })
  await assert.rejects(scene.makeKey({ user: "nobody" }), { code: "user_not_found" })
})

test("usage is counted by user, key and model, outlives key, user and server, and keeps the user's name", async () => {
  await using scene = await GatewayScene.start()
  const { server } = scene
  const ada = await server.userToken("ada")
  const { key, id } = await scene.makeKey({ name: "editor" }, ada)
  for (let index = 0; index < 3; index++) await (await scene.chat({ stream: index > 0 }, { key })).text()
  await server.stop()
  await server.start()
  const usage = async () => (await server.call<KeyUsageView>("GET", "/v1/keys/usage")).rows
  const row = {
    user: "ada",
    key: id,
    keyName: "editor",
    removed: false,
    model: "tiny",
    requests: 3,
    promptTokens: 33,
    cachedTokens: 12,
    completionTokens: 6,
    cutRequests: 0,
    guessedTokens: 0,
  }
  assert.deepEqual(await usage(), [row])
  await server.call("DELETE", "/v1/users/ada")
  assert.deepEqual(await usage(), [{ ...row, removed: true }])
  await assert.rejects(server.call("POST", "/v1/users", { name: "ada", role: "user" }), { code: "name_taken" })
})

test("a key stops at its limit, with the time at which it may go on", async () => {
  await using scene = await GatewayScene.start()
  const { key } = await scene.makeKey({ limit: { tokens: 20, per: "month" } })
  const statuses: number[] = []
  for (let index = 0; index < 3; index++) statuses.push((await scene.chat({}, { key })).status)
  assert.deepEqual(statuses, [200, 200, 429], "13 tokens each")
  const refused = await scene.chat({}, { key })
  assert.ok(Number(refused.headers.get("retry-after")) > 0)
  assert.match(
    ((await refused.json()) as { error: { message: string } }).error.message,
    /used 26 of its 20 tokens a month/,
  )
  assert.equal((await scene.chat()).status, 200, "others go on")
})

test("a key that is for other models, has expired or was removed is refused; a stream under way with it ends", async () => {
  const begun = Promise.withResolvers<void>()
  await using scene = await GatewayScene.start({
    script: (asked) => {
      beginStream(asked).write(data(chatChunk({ content: "Hel" })))
      begun.resolve()
    },
  })
  const narrow = await scene.makeKey({ models: ["other"] })
  assert.equal((await scene.chat({}, { key: narrow.key })).status, 404)
  const text = async (key: string) => {
    const response = await scene.chat({}, { key })
    return [response.status, ((await response.json()) as { error: { message: string } }).error.message]
  }
  for (const [key, reason] of [
    ["nonsense", /^Incorrect API key provided: it is not known here/],
    [scene.server.adminToken, /^Incorrect API key provided: this is a token/],
  ] as const) {
    const [status, message] = await text(key)
    assert.equal(status, 401)
    assert.match(String(message), reason)
  }
  const { key } = await scene.makeKey()
  for (const [headers, reason] of [
    [{}, "none was sent"],
    [{ authorization: key }, "what was sent has not the form of one. It goes as Authorization: Bearer KEY"],
    [{ authorization: `Basic ${key}` }, "what was sent has not the form of one"],
    [{ "x-api-key": `Bearer ${key}` }, "what was sent has not the form of one"],
  ] as const) {
    const response = await scene.chat({}, { headers })
    const { error } = (await response.json()) as { error: { message: string } }
    assert.equal(response.status, 401)
    assert.ok(error.message.startsWith(`Incorrect API key provided: ${reason}`), error.message)
  }
  const made = await scene.makeKey()
  const stream = await scene.chat({ stream: true }, { key: made.key })
  await begun.promise
  await scene.server.call("DELETE", `/v1/keys/${made.id}`)
  assert.match(await stream.text(), /"Hel".*"error":.*removed meanwhile"[^\n]*\n\n$/s)
  assert.equal((await text(made.key))[0], 401)
})

test("a user has 200 keys at most, and expired ones are in nobody's way", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const make = (name: string, expiresInMs: number | null = null) =>
    server.call<MadeKey>("POST", "/v1/keys", { name, expiresInMs })
  const later = await make("later", 3_000)
  const sooner = await make("sooner", 2_000)
  for (let count = 2; count < 200; count++) await make("app")
  const full = { code: "wrong_state", message: /admin has 200 already/ }
  await assert.rejects(make("more"), full)
  clock.advance(5_000)
  const kept = async () => {
    const ids = new Set((await server.call<{ keys: KeyView[] }>("GET", "/v1/keys")).keys.map(({ id }) => id))
    return [ids.size, ids.has(sooner.id), ids.has(later.id)]
  }
  await make("more")
  assert.deepEqual(await kept(), [200, false, true])
  await make("more")
  assert.deepEqual(await kept(), [200, false, false])
  await assert.rejects(make("more"), full)
})
