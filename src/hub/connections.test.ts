import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { Connections } from "./connections.ts"

const { signal } = new AbortController()

describe("connections", () => {
  it("are bounded, and whoever waited longest is next", async () => {
    const connections = new Connections(2)
    const first = await connections.take(signal)
    await connections.take(signal)
    const order: string[] = []
    const third = connections.take(signal).then(() => order.push("third"))
    const fourth = connections.take(signal).then(() => order.push("fourth"))
    assert.equal(connections.open, 2)
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    await third
    assert.deepEqual([order, connections.open], [["third"], 2])
    const second = await Promise.race([fourth, Promise.resolve("waits")])
    assert.equal(second, "waits")
  })

  it("are not taken by those who do not want one any more", async () => {
    const connections = new Connections(1)
    const first = await connections.take(signal)
    const gone = new AbortController()
    const left = connections.take(gone.signal)
    const stays = connections.take(signal)
    gone.abort(new Error("nobody wants it"))
    await assert.rejects(left, /nobody wants it/)
    await assert.rejects(connections.take(gone.signal), /nobody wants it/)
    first[Symbol.dispose]()
    const last = await stays
    last[Symbol.dispose]()
    assert.equal(connections.open, 0)
  })
})
