import assert from "node:assert/strict"
import { it } from "node:test"
import type { AgentMessage } from "../protocol/agent-wire.ts"
import { NetworkWatch } from "./network-watch.ts"
import type { NetworkLook } from "./platform/network-look.ts"

const at = (mbps: number | null, peers: readonly string[] = []): NetworkLook => ({
  network: { kind: "wifi", mbps, interface: "en1", peers },
  wake: null,
})

it("tells what is new and nothing twice, and asks slowly only for what a look found new, or rarely", async () => {
  const told: AgentMessage[] = []
  const asked: boolean[] = []
  let nowMs = 0
  let quick: NetworkLook | Error = at(null)
  let slow = at(866, ["Mac15,14"])
  const watch = new NetworkWatch({
    look: async (options) => {
      asked.push(options.slow)
      if (quick instanceof Error) throw quick
      return options.slow ? slow : quick
    },
    mark: async () => "",
    send: (message) => told.push(message),
    nowMs: () => nowMs,
  })
  try {
    watch.connected()
    await watch.look()
    assert.deepEqual(told, [
      { type: "network", ...at(null) },
      { type: "network", ...at(866, ["Mac15,14"]) },
    ])
    // The platform remembers what it was told slowly.
    quick = slow
    await watch.look()
    assert.deepEqual(asked, [false, true, false])
    assert.equal(told.length, 2)

    nowMs += 7 * 3_600_000
    slow = at(433)
    await watch.look()
    assert.deepEqual(asked, [false, true, false, false, true])
    assert.deepEqual(told.at(-1), { type: "network", ...at(433) })

    quick = new Error("route did not end in time")
    await watch.look()
    assert.equal(told.length, 3)
    quick = slow
    // Another connection is told what is known.
    watch.connected()
    assert.equal(told.length, 4)
    await watch.look()
    assert.equal(told.length, 4)
  } finally {
    watch.stop()
  }
})

it("looks at once where the mark has changed, and not where it is the same or cannot be had", async () => {
  const told: AgentMessage[] = []
  let mark: string | null = "en1"
  let quick = at(866)
  const watch = new NetworkWatch({
    look: async () => quick,
    mark: async () => {
      if (mark === null) throw new Error("route did not end in time")
      return mark
    },
    send: (message) => told.push(message),
  })
  try {
    await watch.look()
    await watch.compare()
    quick = at(433)
    for (const same of ["en1", null, "en1"]) {
      mark = same
      await watch.compare()
    }
    assert.equal(told.length, 1)
    mark = "en0"
    await watch.compare()
    assert.deepEqual(told.at(-1), { type: "network", ...at(433) })
  } finally {
    watch.stop()
  }
})

it("looks again where the mark has changed since a look, from the first one on", async () => {
  const told: AgentMessage[] = []
  let mark = "en0"
  let found = at(866)
  const watch = new NetworkWatch({
    look: async () => found,
    mark: async () => mark,
    send: (message) => told.push(message),
  })
  try {
    watch.connected()
    await watch.look()
    mark = "en1"
    found = at(433)
    await watch.compare()
    assert.deepEqual(told.at(-1), { type: "network", ...at(433) })
    await watch.compare()
    assert.equal(told.length, 2)
  } finally {
    watch.stop()
  }
})
