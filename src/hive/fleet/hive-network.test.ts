import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { MemberPlan } from "../plan/model-plan.ts"
import { networkFor } from "./hive-network.ts"
import { readFleet } from "./read-fleet.ts"
import { Ways } from "./way.ts"

const RULES = { chip: () => null, workingSetBytes: (bytes: number) => bytes, ownersBytes: () => 0 }

function plan(hosts: readonly object[], engine: "llama.cpp" | "mlx" = "llama.cpp", time = { hopsMs: 10, tokenMs: 50 }) {
  const described = hosts.map((one, at) => ({ name: `mac-${at}`, memory: "16G", network: "1GbE", ...one }))
  const { fleet, problems } = readFleet({ hosts: described, tunnels: true }, RULES)
  assert.equal(problems, null)
  const all = fleet!.hosts
  const [a] = all
  const between = new Ways(fleet!)
  const ways = all.slice(1).map((b) => ({ ...between.between(a!, b), from: a!.name, to: b.name, hopMs: 5 }))
  return { engine, members: all.map((host) => ({ host }) as unknown as MemberPlan), ways, ...time }
}

describe("what members of a hive talk over", () => {
  it("is a cable, else a trusted network that all are in, else what was accepted, else a tunnel", () => {
    const inNet = { hiveNetworks: ["10.0.7.0/24"] }
    assert.deepEqual(networkFor(plan([{}]), false).network, undefined)
    assert.deepEqual(networkFor(plan([{ ...inNet, cables: ["mac-1"] }, inNet]), false).network, { kind: "thunderbolt" })
    const trusted = plan([{ hiveNetworks: ["10.0.7.0/24", "10.0.8.0/24"] }, inNet])
    assert.deepEqual(networkFor(trusted, true).network, { kind: "trusted", nets: ["10.0.7.0/24"] })
    assert.equal(trusted.ways[0]?.isTunnelled, undefined)
    const apart = plan([inNet, { hiveNetworks: ["10.0.8.0/24"] }])
    assert.deepEqual(networkFor(apart, true).network, { kind: "accepted" })
    assert.deepEqual(networkFor(apart, false).network, { kind: "tunnel" })
    assert.equal(apart.ways[0]?.isTunnelled, true)
  })

  it("is nothing for MLX where only a tunnel would do, nor where tunnels take most of a slow token", () => {
    assert.deepEqual(networkFor(plan([{}, {}], "mlx"), false), { network: null, refusal: "untrusted" })
    const slow = plan([{}, {}], "llama.cpp", { hopsMs: 700, tokenMs: 900 })
    assert.deepEqual(networkFor(slow, false), { network: null, refusal: "pointless" })
    assert.deepEqual(networkFor(slow, true).network, { kind: "accepted" })
    const shut = plan([{ cables: ["mac-1"] }, {}])
    Object.assign(shut.members[1]?.host ?? {}, { isLoopbackOnly: true })
    assert.deepEqual(networkFor(shut, true).network, { kind: "tunnel" })
    assert.deepEqual(networkFor({ ...shut, engine: "mlx" }, true), { network: null, refusal: "loopback_only" })
  })
})
