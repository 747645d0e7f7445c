import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import {
  decodeTerminalFrame,
  encodeTerminalFrame,
  encodeTerminalPiece,
  MAX_TERMINAL_FRAME_BYTES,
  type TerminalFrame,
  TerminalPieceReader,
} from "./terminal.ts"

const offset = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const bytes = fc.uint8Array({ maxLength: 300 })
const side = fc.integer({ min: 1, max: 10_000 })
const frame: fc.Arbitrary<TerminalFrame> = fc.oneof(
  fc.record({ kind: fc.constantFrom("input" as const, "output" as const), offset, bytes }),
  fc.record({ kind: fc.constantFrom("shown" as const, "taken" as const), offset }),
  fc.record({ kind: fc.constant("resize" as const), columns: side, rows: side }),
  fc.record({ kind: fc.constant("hangup" as const) }),
  fc.record({
    kind: fc.constant("attach" as const),
    client: fc.constant("0123456789abcdefghij"),
    from: fc.option(offset),
    columns: side,
    rows: side,
    term: fc.constantFrom("xterm-256color", "", "screen.xterm-256color"),
  }),
  fc.record({ kind: fc.constant("attached" as const), from: offset, end: offset, input: fc.option(offset) }),
  fc.record({
    kind: fc.constant("exit" as const),
    exitCode: fc.option(fc.nat(255)),
    signal: fc.option(fc.nat(64)),
  }),
  fc.record({ kind: fc.constant("failed" as const), code: fc.string(), message: fc.string(), hint: fc.string() }),
)

const plain = (value: TerminalFrame) =>
  JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? Buffer.from(part).toString("hex") : part))

test("every terminal frame comes back as it was sent, however the line cuts the stream", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), (frames, cut) => {
      for (const one of frames) assert.equal(plain(decodeTerminalFrame(encodeTerminalFrame(one))), plain(one))
      const line = new Uint8Array(Buffer.concat(frames.map(encodeTerminalPiece)))
      const reader = new TerminalPieceReader()
      const read: TerminalFrame[] = []
      for (let at = 0; at < line.length; at += cut) {
        read.push(...reader.read(line.subarray(at, at + cut)).map(decodeTerminalFrame))
      }
      assert.deepEqual(read.map(plain), frames.map(plain))
    }),
    { numRuns: 200 },
  )
})

test("decodeTerminalFrame() takes garbage for a SyntaxError and nothing worse", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (garbage) => {
      try {
        decodeTerminalFrame(garbage)
      } catch (error) {
        assert.ok(error instanceof SyntaxError, String(error))
      }
    }),
    { numRuns: 500 },
  )
  assert.throws(() => decodeTerminalFrame(Buffer.from('\x07{"client":"../../etc","from":0}')), SyntaxError)
  assert.throws(() => decodeTerminalFrame(Buffer.from([2, 0, 0, 0, 10])), SyntaxError)
})

test("TerminalPieceReader refuses a frame longer than any may be", () => {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(MAX_TERMINAL_FRAME_BYTES + 1)
  assert.throws(() => new TerminalPieceReader().read(head), SyntaxError)
})
