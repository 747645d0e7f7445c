import assert from "node:assert/strict"
import { test } from "node:test"
import { gang } from "../../../test/support/gang-scene.ts"
import { toGate } from "../../../test/support/simulated-attempt.ts"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"

const HOSTS = [
  ["delta", 4],
  ["beta", 8],
  ["gamma", 4],
  ["alpha", 8],
] as const

for (const policy of [null, "{}"]) {
  const how = policy === null ? "without a policy" : "by a policy"
  test(`of Macs with as much memory the one with fewer cores goes first, then by name, for one host and for several (${how})`, async () => {
    await using server = await TestServer.start()
    for (const [name, cores] of HOSTS) {
      const host = await server.hosts.join(name, { cores })
      host.script = (on, attempt) => (attempt.order.member === undefined ? runsOn : toGate)(on, attempt)
      host.onGo = () => {}
      host.addresses = [
        { address: `10.0.0.${HOSTS.findIndex(([one]) => one === name) + 1}`, net: "10.0.0.0/24", interface: "eth0" },
      ]
    }
    if (policy !== null) await server.call("POST", "/v1/policy", { text: policy, dryRun: false })
    const on = async (change: object) => {
      const { id } = await server.submit({ resources: { memoryBytes: null, gpus: 0, cores: 4 }, ...change })
      const { attempts } = await server.untilState(id, "running")
      return attempts.map(({ hostName }) => hostName)
    }
    assert.deepEqual(await on({}), ["delta"])
    assert.deepEqual(await on(gang(2)), ["gamma", "alpha"])
  })
}
