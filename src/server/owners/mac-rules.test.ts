import assert from "node:assert/strict"
import { test } from "node:test"
import { seesPeople } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { HostView } from "../../protocol/host.ts"
import { standingOf } from "../../protocol/host-standing.ts"
import type { OwnerView } from "../../protocol/owner-api.ts"

const GIB = 1024 ** 3

test("who asks sees whether a Mac takes their jobs, and its owner why none starts", async () => {
  await using server = await TestServer.start()
  const [mia, ben] = [{ token: await server.userToken("mia") }, { token: await server.userToken("ben") }]
  const mac = { platform: "darwin", memoryBytes: 64 * GIB, memoryAvailableBytes: 4 * GIB } as const
  seesPeople(await server.hosts.join("alpha", mac, { owner: "mia" }), "away")
  const now = async (asks: object) => standingOf(await server.call<HostView>("GET", "/v1/hosts/alpha", undefined, asks))
  const closed = async () => (await server.call<OwnerView>("GET", "/v1/hosts/alpha/owner", undefined, mia)).closed
  const rules = (said: object) => server.call<OwnerView>("POST", "/v1/hosts/alpha/owner/rules", { rules: said }, mia)
  // The host has told who is there when the server has heard it.
  while ((await now(mia)).code === "unknown");
  assert.deepEqual(await now(mia), { code: "memory", text: "other work there leaves jobs 0 B of memory" })
  await rules({ who: "nobody" })
  assert.deepEqual(await now(ben), { code: "closed", text: "only jobs of mia (who)" })
  assert.deepEqual([(await now(mia)).code, await closed()], ["memory", null])
  const view = await rules({ who: null, keep_memory: "900G" })
  assert.equal(view.closed, "its rules keep 900G of its 64 GB from jobs (keep_memory)")
  assert.equal((await now(ben)).code, "memory")
  await rules({ keep_memory: null })
  await server.call("POST", "/v1/hosts/alpha/drain", {})
  assert.equal(await closed(), "an administrator has drained it")
})

test("each rule names who said it, also where an administrator did, and only users may be let in", async () => {
  await using server = await TestServer.start()
  const mia = { token: await server.userToken("mia") }
  const host = await server.hosts.join("alpha")
  const rules = (said: object, asks = {}) =>
    server.call<OwnerView>("POST", "/v1/hosts/alpha/owner/rules", { rules: said }, asks)
  const sayers = ({ policy }: OwnerView) => policy.flatMap(({ name, by }) => (by === null ? [] : [[name, by]]))
  const first = await rules({ keep_memory: "1G" })
  const admin = first.lever.rules?.by ?? ""
  assert.deepEqual(sayers(first), [["keep_memory", admin]])
  await server.call("POST", "/v1/hosts/alpha/owner", { owner: "mia" })
  const view = await rules({ who: "mia", on_return: "vacate" }, mia)
  const expected = [
    ["on_return", "mia"],
    ["who", "mia"],
    ["keep_memory", admin],
  ]
  assert.deepEqual(sayers(view), expected)
  const last = host.said.flatMap((one) => (one.type === "owner" ? [one] : [])).at(-1)
  assert.deepEqual(last?.lever.rules?.saidBy, { keep_memory: admin })
  await assert.rejects(rules({ who: "miaa" }, mia), {
    code: "user_not_found",
    message: 'Cannot set who: there is no user "miaa"',
  })
  const fleet = server.call("POST", "/v1/fleets/lab/policy", { rules: { who: "mia, zoe" } })
  await assert.rejects(fleet, { code: "user_not_found" })
  for (const who of ["nobody", "everyone", null]) await rules({ who }, mia)
  await server.stop()
  await server.start()
  const stored = await server.call<OwnerView>("GET", "/v1/hosts/alpha/owner", undefined, mia)
  assert.deepEqual(sayers(stored), [
    ["on_return", "mia"],
    ["keep_memory", admin],
  ])
})
