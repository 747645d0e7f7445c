import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import type { TLSSocket } from "node:tls"
import { connectDirectly } from "./connect-directly.ts"
import { listenOnce } from "./listen-once.ts"
import { SocketPieces } from "./socket-pieces.ts"

const never = new AbortController().signal

async function connected(serve: (socket: TLSSocket) => Promise<void>) {
  const { offer, ended } = await listenOnce(serve, never)
  const pieces = new SocketPieces()
  const socket = await connectDirectly({ ...offer, addresses: ["127.0.0.1"] }, never, pieces.onread)
  return { pieces: pieces.of(socket), socket, ended }
}

test("all comes in order, also to one who takes it slowly, and what waits for him is bounded", async () => {
  const sent = randomBytes(12_000_000)
  const { pieces, socket, ended } = await connected((other) => new Promise((resolve) => other.end(sent, resolve)))
  const got: Buffer[] = []
  let most = 0
  for await (const piece of pieces) {
    got.push(Buffer.from(piece))
    most = Math.max(most, socket.bytesRead - got.reduce((sum, { length }) => sum + length, 0))
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
  }
  assert.ok(Buffer.concat(got).equals(sent))
  assert.ok(most < 4_000_000, `${most} bytes waited`)
  socket.destroy()
  await ended
})

test("why a connection ended here is told once what came before has been taken", async () => {
  const sent = randomBytes(600_000)
  const { pieces, socket, ended } = await connected(
    (other) => new Promise<void>((resolve) => other.once("close", () => resolve()).write(sent)),
  )
  let got = 0
  const reading = async () => {
    for await (const piece of pieces) {
      got += piece.length
      if (got === sent.length) socket.destroy(new Error("the other host fell silent"))
    }
  }
  await assert.rejects(reading(), /fell silent/)
  assert.equal(got, sent.length)
  await ended
})
