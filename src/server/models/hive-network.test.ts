import assert from "node:assert/strict"
import { test } from "node:test"
import { LARGE_CACHE_TOKENS, largeCache } from "../../../test/support/hive-models.ts"
import { ModelScene, ready } from "../../../test/support/model-scene.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { HostView } from "../../protocol/host.ts"
import type { FleetView } from "../../protocol/owner-api.ts"

const GIB = 1024 ** 3

test("members talk over a network that is trusted, over tunnels where none is, and over it no more once it is not", async () => {
  await using scene = await ModelScene.start()
  const [alpha, beta] = [
    await scene.join("alpha", { memoryBytes: 6 * GIB }),
    await scene.join("beta", { memoryBytes: 4 * GIB }),
  ]
  for (const [at, host] of [alpha, beta].entries()) {
    host.addresses = [
      { address: `192.168.1.${at + 5}`, net: "192.168.1.0/24", interface: "en0" },
      { address: `10.0.7.${at + 5}`, net: "10.0.7.0/24", interface: "en1" },
    ]
    const network = { kind: "ethernet", mbps: 1_000, interface: "en0", peers: [], addresses: host.addresses } as const
    host.tell({ type: "network", network, wake: null })
  }
  await scene.store("large", largeCache())
  await scene.serve("large", { contextTokens: LARGE_CACHE_TOKENS, slots: 1 })
  const tunnelled = await scene.untilState("large", "ready")
  assert.deepEqual(tunnelled.replicas[0]?.plan?.over, { kind: "tunnel" })
  assert.match(tunnelled.replicas[0]?.plan?.network ?? "", /^tunnels through the server/)
  const rosters = () => [alpha, beta].map(({ rosters: all }) => [...all.values()].at(-1)?.map(({ address }) => address))
  assert.deepEqual(rosters(), [Array(2).fill("127.0.0.1"), Array(2).fill("127.0.0.1")])
  assert.deepEqual(scene.hives[0]?.order.network, { kind: "tunnel" })

  const trust = (nets: string[], options = {}) =>
    scene.server.call<FleetView>("POST", "/v1/fleets/default/hive-network", { nets }, options)
  await assert.rejects(trust(["10.0.7.0/24"], { token: await scene.server.userToken("ada") }), {
    code: "not_allowed",
    message: /hives may talk/,
  })
  await assert.rejects(trust(["0.0.0.0/0"]), {
    code: "invalid_input",
    message: /Cannot trust a network for hives: "0.0.0.0\/0" is too wide/,
  })
  assert.deepEqual((await trust(["10.0.7.0/24"])).hiveNets, ["10.0.7.0/24"])
  assert.deepEqual((await scene.server.call<HostView>("GET", "/v1/hosts/alpha")).hiveNets, ["10.0.7.0/24"])
  await scene.server.call("POST", "/v1/hives/large/stop", {})
  await scene.untilState("large", "stopped")
  await scene.serve("large", { data: null, file: null })
  const trusted = await scene.untilState("large", "ready")
  assert.deepEqual(trusted.replicas[0]?.plan?.over, { kind: "trusted", nets: ["10.0.7.0/24"] })
  assert.match(trusted.replicas[0]?.plan?.network ?? "", /trusted network 10\.0\.7\.0\/24 \(Ethernet\)/)
  assert.ok(rosters().every((all) => all?.every((address) => address.startsWith("10.0.7."))))

  assert.equal((await trust([])).hiveNets, undefined)
  const after = await scene.until(
    "large",
    ({ state, replicas }) => state === "ready" && replicas[0]?.plan?.over?.kind === "tunnel",
  )
  assert.equal(after.replicas[0]?.losses, 0)
  const { events } = await scene.server.call<{ events: WindfallEvent[] }>("GET", "/v1/events")
  assert.deepEqual(
    events.flatMap((event) => (event.type === "fleet_changed" ? event.what : [])),
    ["hive network: trusted: 10.0.7.0/24", "hive network: no network is trusted any more"],
  )
  await scene.server.call("POST", "/v1/hives/large/stop", {})
  await scene.untilState("large", "stopped")
})

test("where a firewall would ask, nothing listens but on loopback", async () => {
  await using scene = await ModelScene.start()
  await scene.join("alpha", { memoryBytes: 6 * GIB })
  await scene.join("beta", { memoryBytes: 4 * GIB })
  await scene.store("large", largeCache())
  scene.play = (hive) => {
    if (hive.order.network?.kind === "tunnel") scene.say(hive, ready())
    else scene.lose(hive, "firewall_asks", "macOS would ask on its screen", 1)
  }
  await scene.serve("large", { contextTokens: LARGE_CACHE_TOKENS, slots: 1, trustsNetwork: true })
  const model = await scene.untilState("large", "ready")
  assert.deepEqual([model.replicas[0]?.plan?.over, scene.hives.length], [{ kind: "tunnel" }, 2])
  await scene.server.call("POST", "/v1/hives/large/stop", {})
  await scene.untilState("large", "stopped")
})

test("where members do not find each other over Thunderbolt, the next try goes over what else there is, and says so", async () => {
  await using scene = await ModelScene.start()
  const models = ["Mac16,1", "Mac16,10"] as const
  for (const [at, name] of ["alpha", "beta"].entries()) {
    const host = await scene.join(name, { memoryBytes: (6 - 2 * at) * GIB, model: models[at]! })
    host.addresses = [{ address: `10.0.7.${at + 5}`, net: "10.0.7.0/24", interface: "en1" }]
    const peers = [models[1 - at]!]
    const network = { kind: "ethernet", mbps: 1_000, interface: "en1", peers, addresses: host.addresses } as const
    host.tell({ type: "network", network, wake: null })
  }
  await scene.server.call("POST", "/v1/fleets/default/hive-network", { nets: ["10.0.7.0/24"] })
  await scene.store("large", largeCache())
  const tried: (string | undefined)[] = []
  scene.play = (hive) => {
    tried.push(hive.order.network?.kind)
    if (hive.order.network?.kind !== "thunderbolt") scene.say(hive, ready())
    else scene.lose(hive, "unreachable", "member 1 (beta): its address is not that of its Thunderbolt bridge", 1)
  }
  await scene.serve("large", { contextTokens: LARGE_CACHE_TOKENS, slots: 1 })
  const model = await scene.untilState("large", "ready")
  assert.deepEqual(tried, ["thunderbolt", "trusted"])
  const [replica] = model.replicas
  assert.deepEqual(replica?.plan?.over, { kind: "trusted", nets: ["10.0.7.0/24"] })
  assert.match(replica?.plan?.network ?? "", /^trusted network .*; not over Thunderbolt, where it failed: .*bridge/)
  await scene.server.call("POST", "/v1/hives/large/stop", {})
  await scene.untilState("large", "stopped")
})
