import assert from "node:assert/strict"
import { connect, createServer, type Server, type Socket } from "node:net"
import { describe, it } from "node:test"
import { memberContext, SOME_ORDER } from "../../test/support/member-context.ts"
import type { HiveOrder } from "../hive/order/hive-order.ts"
import type { PulseMessage } from "./pulse-message.ts"
import { greet, type PulsePeer } from "./pulse-peer.ts"

interface Way {
  /** What is to become of the lines from the member to the head. */
  readonly change?: (line: string, count: number) => readonly string[]
  readonly memberOrder?: HiveOrder
}

/** A head and a member that greet each other, with somebody between them who sees and can change all. */
async function meet(way: Way): Promise<{ heard: PulseMessage[]; reason: Promise<string> } & AsyncDisposable> {
  const heard: PulseMessage[] = []
  const closed = Promise.withResolvers<string>()
  const sockets: Socket[] = []
  const head = createServer((socket) => {
    sockets.push(socket)
    greet(socket, SOME_ORDER, memberContext(), (rank) => rank === 1, {
      met: (peer) => peer.send({ type: "pulse" }),
      message: (_peer, message) => void heard.push(message),
      closed: (_peer, reason) => closed.resolve(reason),
    })
  })
  const between = createServer((socket) => {
    const onward = connect(portOf(head), "127.0.0.1")
    sockets.push(socket, onward)
    for (const one of [socket, onward]) one.on("error", () => {})
    onward.pipe(socket)
    let rest = ""
    let count = 0
    socket.on("data", (piece) => {
      const lines = (rest + piece.toString()).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) {
        for (const changed of way.change?.(line, count) ?? [line]) onward.write(`${changed}\n`)
        count += 1
      }
    })
    socket.on("close", () => onward.end())
  })
  for (const server of [head, between]) await new Promise<void>((up) => server.listen(0, "127.0.0.1", up))
  const member = connect(portOf(between), "127.0.0.1")
  sockets.push(member)
  greet(member, way.memberOrder ?? SOME_ORDER, memberContext({ rank: 1 }), (rank) => rank === 0, {
    met: (peer: PulsePeer) => {
      for (const version of ["1", "2"]) peer.send({ type: "here", version })
      peer.close()
    },
    message: () => {},
    closed: () => {},
  })
  return {
    heard,
    reason: closed.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await Promise.all([head, between].map((server) => new Promise((down) => server.close(down))))
    },
  }
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port
}

const BOTH = ["1", "2"].map((version) => ({ type: "here", version }))

describe("what members say to each other", () => {
  it("is heard in order", async () => {
    await using met = await meet({})
    assert.equal(await met.reason, "the connection was closed")
    assert.deepEqual(met.heard, BOTH)
  })

  it("is not believed when it was changed", async () => {
    await using met = await meet({ change: (line) => [line.replace('"2"', '"3"')] })
    assert.equal(await met.reason, "a line without the key")
    assert.deepEqual(met.heard, BOTH.slice(0, 1))
  })

  it("is not believed a second time", async () => {
    await using met = await meet({ change: (line, count) => (count === 1 ? [line, line] : [line]) })
    assert.equal(await met.reason, "a line without the key")
    assert.deepEqual(met.heard, BOTH.slice(0, 1))
  })

  it("is not believed from another hive, from another key, or from a rank that there is not", async () => {
    const others = [
      { ...SOME_ORDER, hive: "h-2" },
      { ...SOME_ORDER, key: "b2".repeat(32) },
    ]
    for (const memberOrder of others) {
      await using met = await meet({ memberOrder })
      assert.equal(await met.reason, "a line without the key")
      assert.deepEqual(met.heard, [])
    }
    await using met = await meet({ change: (line, count) => [count === 0 ? line.replace(/1$/, "2") : line] })
    assert.equal(await met.reason, "somebody who is no member")
  })

  it("is not waited for without an end of line", async () => {
    await using met = await meet({ change: (line, count) => (count === 1 ? ["x".repeat(100_000)] : [line]) })
    assert.match(await met.reason, /a line/)
    assert.deepEqual(met.heard, [])
  })
})
