import assert from "node:assert/strict"
import { test } from "node:test"
import { exitsAtOnce } from "../../../test/support/simulated-host.ts"
import { packed, treeOf } from "../../../test/support/small-trees.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { deferred } from "../../base/deferred.ts"
import type { HostScan, JoinStep } from "../../protocol/api.ts"
import type { HostView } from "../../protocol/host.ts"
import { callerOf, requireStill } from "../auth/accounts.ts"
import { ROUTES } from "./app.ts"

const key = "k1"
const MISMATCH = { code: "idempotency_mismatch" }

function joinRequest(name: string) {
  return {
    address: `sim@${name}`,
    port: null,
    name,
    owner: null,
    fleet: null,
    labels: {},
    hostKey: "ssh-ed25519 AAAA",
    takeOver: false,
  }
}

/** The steps of a join, as far as they come. */
async function stepsOf(response: Response): Promise<JoinStep[]> {
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as JoinStep)
}

test("a machine is asked for its key once, however often the question is repeated", async () => {
  await using server = await TestServer.start()
  const scan = (name: string) =>
    server.call<HostScan>("POST", "/v1/hosts/scan", { address: `sim@${name}`, port: null }, { key })
  const first = await scan("alpha")
  assert.deepEqual(await scan("alpha"), first)
  assert.equal(server.hosts.scans, 1)
  await assert.rejects(scan("beta"), MISMATCH)
})

test("a host is rekeyed once, with one event", async () => {
  await using server = await TestServer.start()
  await server.hosts.join("alpha")
  const rekey = (hostKey: string) => server.call<HostView>("POST", "/v1/hosts/alpha/rekey", { hostKey }, { key })
  const first = await rekey("ssh-ed25519 BBBB")
  assert.equal(first.hostKey, "ssh-ed25519 BBBB")
  assert.deepEqual(await rekey("ssh-ed25519 BBBB"), first)
  assert.equal(server.hosts.rekeys, 1)
  await assert.rejects(rekey("ssh-ed25519 CCCC"), MISMATCH)
  const { events } = await server.call<{ events: { type: string }[] }>("GET", "/v1/events")
  assert.equal(events.filter(({ type }) => type === "host_changed").length, 1)
})

test("blobs are taken once; another pack under the key is refused, and nothing of it stored", async () => {
  await using server = await TestServer.start()
  const [one, two] = [treeOf({ "made.txt": "one" }), treeOf({ "made.txt": "two" })]
  const [pack, other] = await Promise.all([packed(one), packed(two)])
  const missing = (tree: typeof one, key?: string) =>
    server.call<{ missing: string[] }>(
      "POST",
      "/v1/blobs/missing",
      { hashes: [...tree.blobs.keys()] },
      key === undefined ? {} : { key },
    )
  const before = await missing(one, "asked")
  const answers = await Promise.all([1, 2, 3].map(() => server.call("POST", "/v1/blobs", pack, { key })))
  assert.deepEqual(answers, [{ stored: 3 }, { stored: 3 }, { stored: 3 }])
  await assert.rejects(server.call("POST", "/v1/blobs", other, { key }), MISMATCH)
  assert.equal((await missing(two)).missing.length, 3)
  assert.equal((await missing(one)).missing.length, 0)
  assert.deepEqual(await missing(one, "asked"), before, "a repeat is answered as the first time")
})

test("outputs are given out again under the key, others are not", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const tree = treeOf({ "made.txt": "made" })
  host.script = (simulated, attempt) => {
    for (const [hash, bytes] of tree.blobs) simulated.blobs.write(hash, bytes)
    attempt.outputs = { tree: tree.root, files: 1, bytes: 4 }
    exitsAtOnce()(simulated, attempt)
  }
  const { id } = await server.submit()
  await server.untilEnded(id)
  const fetched = async (hashes: readonly string[]) => {
    const response = await server.request("POST", `/v1/jobs/${id}/outputs/fetch`, { hashes }, { key })
    return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) }
  }
  const hashes = [...tree.blobs.keys()]
  const first = await fetched(hashes)
  assert.equal(first.status, 200)
  assert.deepEqual(await fetched(hashes), first)
  assert.equal((await fetched(hashes.slice(1))).status, 409)
})

test("a host joins once: repeats are told how it ended, also while the first is on its way and after a restart", async () => {
  await using server = await TestServer.start()
  const joinsWait = deferred<void>()
  server.hosts.joinsWait = joinsWait.promise
  const join = () => server.request("POST", "/v1/hosts", joinRequest("alpha"), { key })
  const first = await join()
  const second = join()
  const other = await server.request("POST", "/v1/hosts", joinRequest("beta"), { key })
  assert.equal(other.status, 409)
  await other.arrayBuffer()
  joinsWait.resolve()
  const steps = await stepsOf(first)
  assert.deepEqual(
    steps.map(({ step }) => step),
    ["reach", "done"],
  )
  assert.deepEqual(await stepsOf(await second), steps.slice(1))
  await server.stop()
  await server.start()
  assert.deepEqual(await stepsOf(await join()), steps.slice(1))
  assert.equal(server.hosts.joins, 1)
  const { hosts } = await server.call<{ hosts: HostView[] }>("GET", "/v1/hosts")
  assert.equal(hosts.length, 1)
})

test("a join whose client went away is undone, and one who repeats it makes it anew", async () => {
  await using server = await TestServer.start()
  const joinsWait = deferred<void>()
  server.hosts.joinsWait = joinsWait.promise
  const gone = new AbortController()
  const first = await server.request("POST", "/v1/hosts", joinRequest("alpha"), { key, signal: gone.signal })
  const reader = first.body!.getReader()
  await reader.read()
  const second = server.request("POST", "/v1/hosts", joinRequest("alpha"), { key })
  gone.abort()
  await assert.rejects(reader.read())
  const answer = await second
  joinsWait.resolve()
  assert.equal((await stepsOf(answer)).at(-1)?.step, "done")
  assert.equal(server.hosts.joins, 2)
  assert.deepEqual(server.troubles, [])
})

test("what was refused was not done, and can be tried again under its key", async () => {
  await using server = await TestServer.start()
  const drain = () => server.call<HostView>("POST", "/v1/hosts/alpha/drain", {}, { key })
  await assert.rejects(drain(), { code: "host_not_found" })
  await server.hosts.join("alpha")
  assert.equal((await drain()).draining, true)
})

test("every POST says that it takes a key; one that is no key is refused", async () => {
  await using server = await TestServer.start()
  const response = await fetch(`${server.running.url}/v1/openapi.json`)
  const { paths } = (await response.json()) as {
    paths: Record<string, Record<string, { parameters: { name: string }[] }>>
  }
  for (const { method, path } of ROUTES) {
    const named = paths[path.replaceAll(/:([a-z]+)/g, "{$1}")]?.[method.toLowerCase()]?.parameters ?? []
    assert.equal(
      named.some(({ name }) => name === "Idempotency-Key"),
      method === "POST",
      `${method} ${path}`,
    )
    if (method !== "POST") continue
    const refused = await server.request("POST", path.replaceAll(/:[a-z]+/g, "1"), undefined, { key: "k".repeat(201) })
    assert.equal(refused.status, 400, path)
    await refused.arrayBuffer()
  }
})

test("a change is not made for a token that was revoked since its request came", async () => {
  await using server = await TestServer.start()
  const { core } = server.running
  await server.call("POST", "/v1/users", { name: "ada", role: "user" })
  const made = await server.call<{ token: string; id: string }>("POST", "/v1/tokens", {
    user: "ada",
    expiresInMs: null,
  })
  const caller = callerOf(core, made.token)
  await core.ledger.change(() => requireStill(core, caller))
  await server.call("DELETE", "/v1/users/ada")
  await assert.rejects(
    core.ledger.change(() => requireStill(core, caller)),
    { code: "not_logged_in" },
  )
})
