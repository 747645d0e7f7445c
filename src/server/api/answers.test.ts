import assert from "node:assert/strict"
import { test } from "node:test"
import { checkShape, routeOf } from "../../../test/support/check-answer.ts"
import { smallModel, wholeFile } from "../../../test/support/hive-models.ts"
import { HubServer } from "../../../test/support/hub-server.ts"
import { readServerEvents } from "../../../test/support/server-events.ts"
import { giveEngines } from "../../../test/support/simulated-engines.ts"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { seesPeople } from "../../../test/support/simulated-owner.ts"
import { packed, treeOf } from "../../../test/support/small-trees.ts"
import { TestServer, taskSpec } from "../../../test/support/test-server.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"
import { callerOf } from "../auth/accounts.ts"
import { createCode } from "../auth/codes.ts"
import { inviteUser } from "../auth/user-invite.ts"
import { hubSettings } from "../pulls/hub-settings.ts"
import { ROUTES } from "./app.ts"

type Method = "GET" | "POST" | "PUT" | "DELETE"

test("every route that answers JSON has a shape in the document, and every reference there leads somewhere", async () => {
  await using server = await TestServer.start()
  const document = await server.call<Document>("GET", "/v1/openapi.json")
  for (const { method, path, status = 200 } of ROUTES) {
    const place = path.replaceAll(/:([a-z]+)/g, "{$1}")
    const { description, content } = document.paths[place]?.[method.toLowerCase()]?.responses[status] ?? {}
    assert.ok(description, `${method} ${path}`)
    for (const [type, { schema }] of Object.entries(content ?? {})) {
      assert.notDeepEqual(schema, {}, `${method} ${path} ${type}`)
    }
  }
  for (const [, id = ""] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]*)"/g)) {
    assert.ok(document.components.schemas[id], id)
  }
  const logs = document.paths["/v1/jobs/{id}/logs"]?.get?.description ?? ""
  assert.match(logs, /Kind 1, output: attempt number u32, stream u8/)
})

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
interface Operation {
  readonly description?: string
  readonly responses: Readonly<
    Record<number, { readonly description: string; readonly content: Record<string, { schema: object }> }>
  >
}

async function tokenFor(server: TestServer, user: string): Promise<string> {
  return (await server.call<{ token: string }>("POST", "/v1/tokens", { user, expiresInMs: 60_000 })).token
}

/** As soon as its hive has ended, if it had one by then. */
async function removed(server: TestServer, model: string): Promise<void> {
  for (;;) {
    const { state } = await server.call<{ state: string }>("GET", `/v1/hives/${model}`)
    if (state === "stopped") break
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await server.call("DELETE", `/v1/hives/${model}`)
}

const DATA = ["data", "data/letters", "data/corpus"]

test("what the server answers is as the document says, with no field more", async () => {
  await using hub = await HubServer.start()
  hub.add("lab/tiny", { "tiny.gguf": "weights" })
  await using server = await TestServer.start({ hub: hubSettings({ url: hub.url }) })
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const answered = new Set<unknown>()
  // The call itself holds the answer against the document.
  const call = async <T>(method: Method, path: string, body?: unknown): Promise<T> => {
    answered.add(routeOf(method, path))
    return server.call<T>(method, path, body)
  }
  await call("POST", "/v1/users", { name: "ada", role: "user" })
  const { id: token } = await call<{ id: string }>("POST", "/v1/tokens", { user: "ada", expiresInMs: 60_000 })
  await call("PUT", "/v1/secrets/KEY", { value: "something" })
  const git = { commit: "abc", branch: null, dirtyDiff: "" }
  const spec = taskSpec({ name: "one", env: { A: "b" }, retry: { limit: 1, afterSilenceMs: null, once: false }, git })
  const { id } = await call<{ id: number }>("POST", "/v1/jobs", { spec })
  await call("POST", "/v1/jobs/check", { specs: [taskSpec()] })
  await call("POST", "/v1/jobs/preview", { specs: [taskSpec()] })
  await call("POST", "/v1/jobs/batch", { specs: [taskSpec()] })
  const { id: pull } = await call<{ id: string }>("POST", "/v1/pulls", { repository: "lab/tiny" })
  giveEngines(host, [{ engine: "llama.cpp", version: "1" }])
  await call("GET", "/v1/engines")
  await call("POST", "/v1/hives/tiny/check", {})
  for (const path of ["/v1/pulls", `/v1/pulls/${pull}`]) await call("GET", path)
  await call("DELETE", `/v1/pulls/${pull}`)
  const booking = { name: "vision", hosts: ["alpha"], users: ["ada"], startAt: 4e12, durationMs: 60_000 }
  await call("POST", "/v1/bookings", { ...booking, timeZone: "UTC", repeats: "daily" })
  await call("POST", "/v1/bookings/vision", { durationMs: 120_000 })
  await call("POST", "/v1/bookings/vision/skip", { startAt: 4e12 })
  await call("GET", "/v1/bookings")
  await call("GET", "/v1/bookings/vision")
  await call("DELETE", "/v1/bookings/vision")
  const { id: sweep } = await server.submit({ array: "1-9:2%2", queue: { ...NO_QUEUE_REQUEST, hold: true } })
  await call("GET", `/v1/jobs/${sweep}_3`)
  await call("POST", `/v1/jobs/${sweep}/throttle`, { atOnce: 3 })
  await call("GET", `/v1/jobs?array=${sweep}`)
  await call("GET", `/v1/jobs/${sweep}_3/why`)
  await call("POST", `/v1/jobs/${sweep}_[1-5]/stop`, { now: true })
  await call("GET", "/v1/queue/order")
  await call("POST", `/v1/jobs/${sweep}/stop`, { now: true })
  await call("POST", "/v1/hosts/alpha/forgive", {})
  await call("POST", "/v1/hosts/alpha/drain", {})
  await call("POST", "/v1/hosts/alpha/disk", { limitBytes: 200 * 1024 ** 3 })
  seesPeople(host, "away")
  await call("POST", "/v1/hosts/alpha/owner", { owner: "ada", consoleAccount: "ada.l" })
  await call("POST", "/v1/hosts/alpha/owner/pause", { for: "2h" })
  await call("POST", "/v1/hosts/alpha/owner/resume", {})
  const ada = { token: await tokenFor(server, "ada") }
  answered.add(routeOf("POST", "/v1/hosts/alpha/owner/rules"))
  await server.call("POST", "/v1/hosts/alpha/owner/rules", { rules: { on_return: "vacate" } }, ada)
  await call("GET", "/v1/hosts/alpha/owner")
  await call("GET", "/v1/hosts/alpha/week")
  await call("POST", "/v1/hosts/alpha/week", { learns: true })
  await call("GET", "/v1/policy/snapshot")
  await call("GET", "/v1/usage/recompute")
  await call("POST", "/v1/usage/recompute", {})
  await call("POST", "/v1/fleets/default/policy", { preset: "condor", rules: { hours: "weekends" } })
  await call("POST", "/v1/fleets/default/policy", { preset: "default", rules: { hours: null } })
  await call("POST", "/v1/fleets/default/hive-network", { nets: ["10.0.7.0/24"] })
  const { id: keyId } = await call<{ id: string }>("POST", "/v1/keys", {
    name: "app",
    models: ["tiny"],
    limit: { tokens: 10, per: "day" },
  })
  await call("GET", "/v1/keys")
  await call("GET", "/v1/keys/usage?since=0")
  await call("DELETE", `/v1/keys/${keyId}`)
  await call("POST", "/v1/policy", { text: "backfill: off", dryRun: false })
  await call("GET", "/v1/policy")
  await call("GET", "/v1/share")
  for (const by of ["user", "model"]) await call("GET", `/v1/usage?by=${by}&since=0`)
  await call("GET", "/v1/limits")
  const session = taskSpec({
    kind: "session",
    command: [],
    pty: { columns: 80, rows: 24, term: "xterm" },
    host: "alpha",
  })
  const waits = await call<{ id: number }>("POST", "/v1/jobs", { spec: session })
  const { hosts } = await call<{ hosts: unknown[] }>("GET", `/v1/jobs/${waits.id}/why`)
  assert.equal(hosts.length, 1)
  for (const verb of ["hold", "release"]) await call("POST", `/v1/jobs/${waits.id}/${verb}`, {})
  await call("POST", `/v1/jobs/${waits.id}/nice`, { nice: 10, priority: 5 })
  await call("POST", `/v1/jobs/${waits.id}/time`, { timeLimitMs: 60_000 })
  await call("GET", "/v1/queue/order")
  await call("GET", "/v1/jobs?user=all")
  await call("GET", `/v1/jobs/${id}/outputs`)
  await call("POST", `/v1/jobs/${id}/stop`, { now: true })
  const news = await server.request("GET", `/v1/jobs/${id}/events`)
  for await (const view of readServerEvents(news)) checkShape(routeOf("GET", "/v1/jobs/1")!.answer!, view, "an event")
  await call("GET", `/v1/jobs/${id}`)
  await call("GET", `/v1/jobs/${id}/hints`)
  await call("POST", `/v1/jobs/${id}/rerun`, {})
  await call("POST", "/v1/blobs/missing", { hashes: ["0".repeat(64)] })
  await call("POST", "/v1/blobs", new Uint8Array())
  const tree = treeOf({ a: "1" })
  await server.call("POST", "/v1/blobs", await packed(tree))
  await call("POST", "/v1/data/letters/check", {})
  await call("PUT", "/v1/data/letters/version", { root: tree.root })
  await call("PUT", "/v1/data/corpus/place", { host: "alpha", path: "/corpus" })
  await call("POST", "/v1/hosts/scan", { address: "a@b", port: null })
  await call("POST", "/v1/hosts/alpha/resume", {})
  await call("POST", "/v1/hosts/alpha/wake", { wake: true })
  await call("POST", "/v1/hosts/alpha/address", {
    address: "sim@beta",
    port: 2222,
    hostKey: `ssh-ed25519 ${"A".repeat(68)}`,
  })
  await call("POST", "/v1/hosts/alpha/rekey", { hostKey: "ssh-ed25519 BBBB" })
  const { core } = server.running
  const admin = callerOf(core, server.adminToken)
  const soon = { expiresInMs: 60_000 }
  const { code } = await core.ledger.change(() => inviteUser(core, { user: "ada", role: null, ...soon }, admin))
  await call("POST", "/v1/login", { code })
  const wanted = { purpose: "mac", about: "ada", detail: {}, ...soon } as const
  const { id: invite } = await core.ledger.change(() => createCode(core, wanted, admin))
  for (const path of [
    "health",
    "me",
    "users",
    "tokens",
    "secrets",
    "invites",
    "server-key",
    "hosts",
    "hosts/alpha",
    "fleets",
    "queue",
    "doctor",
    "hosts/alpha/doctor",
    "hosts/alpha/record",
    "model-disk",
    "events",
    "queue",
    ...DATA,
  ]) {
    await call("GET", `/v1/${path}`)
  }
  const { targets } = await call<{ targets: { id: string }[] }>("PUT", "/v1/notify", { targets: ["ntfy://lab"] })
  await call("GET", "/v1/notify")
  await call("DELETE", `/v1/notify/${targets[0]?.id}`)
  await call("POST", "/v1/notify/test", {})
  await call("DELETE", "/v1/notify")
  await call("DELETE", `/v1/tokens/${token}`)
  await call("DELETE", "/v1/secrets/KEY")
  await call("DELETE", `/v1/invites/${invite}`)
  const weights = treeOf({ "m.gguf": wholeFile(smallModel(2)) })
  await call("POST", "/v1/blobs", await packed(weights))
  await call("PUT", "/v1/data/weights/version", { root: weights.root })
  await call("POST", "/v1/hives/tiny/serve", { data: "weights", file: "out/m.gguf" })
  for (const path of ["hives", "hives/tiny"]) await call("GET", `/v1/${path}`)
  await call("POST", "/v1/hives/tiny/stop", {})
  await removed(server, "tiny")
  answered.add(routeOf("DELETE", "/v1/hives/tiny"))
  for (const name of ["letters", "corpus"]) await call("DELETE", `/v1/data/${name}?force=true`)
  await call("DELETE", "/v1/users/ada")
  host.cut("it is to go")
  await call("DELETE", "/v1/hosts/alpha")
  // It asks the real net: src/server/network/discover.test.ts.
  answered.add(routeOf("GET", "/v1/discover"))
  // Only a server that others can reach answers this one: test/e2e/install.test.ts.
  answered.add(routeOf("POST", "/v1/invites/user"))
  answered.add(routeOf("POST", "/v1/invites/mac"))
  // A model is served in src/server/models/models.test.ts.
  answered.add(routeOf("GET", "/v1/hives"))
  for (const method of ["GET", "DELETE"]) answered.add(routeOf(method, "/v1/hives/tiny"))
  for (const what of ["serve", "stop"]) answered.add(routeOf("POST", `/v1/hives/tiny/${what}`))
  const left = ROUTES.filter((route) => route.answer !== undefined && !answered.has(route))
  assert.deepEqual(left, [], "every route with a shape was asked")
})
