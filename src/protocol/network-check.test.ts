import assert from "node:assert/strict"
import { it } from "node:test"
import fc from "fast-check"
import { checkAgentMessage } from "./agent-check.ts"

const NETWORK = { kind: "ethernet", mbps: 1000, interface: "en0", peers: ["Mac15,14"] }
const WAKE = { hardware: "d0:11:e5:18:1a:ba", broadcast: "10.0.0.255", isAllowed: true }

it("takes what an agent tells of its network, known or not", () => {
  for (const network of [NETWORK, { kind: "unknown", mbps: null, interface: null, peers: [] }]) {
    for (const wake of [WAKE, null, { ...WAKE, isAllowed: null }]) checkAgentMessage({ type: "network", network, wake })
  }
})

it("refuses what it would show or send and cannot be", () => {
  const wrong = [
    { network: { ...NETWORK, kind: "token ring" } },
    { network: { ...NETWORK, mbps: -1 } },
    { network: { ...NETWORK, mbps: 1.5 } },
    { network: { ...NETWORK, interface: "en0\u001b[2J" } },
    { network: { ...NETWORK, peers: ["my Mac"] } },
    { network: { ...NETWORK, peers: Array(33).fill("Mac15,14") } },
    { wake: { ...WAKE, hardware: "D0:11" } },
    { wake: { ...WAKE, broadcast: "10.0.0.256" } },
    { wake: { ...WAKE, broadcast: "10.0.0.255.1" } },
    { wake: { ...WAKE, broadcast: "evil.example" } },
    { wake: { ...WAKE, isAllowed: 1 } },
    { wake: undefined },
  ]
  for (const one of wrong) {
    const message = { type: "network", network: NETWORK, wake: WAKE, ...one }
    assert.throws(() => checkAgentMessage(message), { code: "corrupt_data" }, JSON.stringify(one))
  }
})

it("takes every address of four numbers to broadcast to", () => {
  fc.assert(
    fc.property(fc.ipV4(), (broadcast) => {
      checkAgentMessage({ type: "network", network: NETWORK, wake: { ...WAKE, broadcast } })
    }),
  )
})
