import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { encodeMessages, encodeOutput, type Frame, FrameReader, MAX_FRAME_BYTES } from "./frames.ts"

const output = fc
  .tuple(fc.nat(2 ** 32 - 1), fc.constantFrom("stdout", "stderr"), fc.nat(2 ** 47), fc.uint8Array({ maxLength: 300 }))
  .map(([sequence, stream, offset, bytes]) => ({ sequence, stream, offset, bytes }))
const word = fc.oneof(
  output.map((piece) => ({ sent: encodeOutput(piece), said: [{ kind: "output" as const, output: piece }] })),
  fc.array(fc.jsonValue(), { maxLength: 3 }).map((messages) => {
    const heard = JSON.parse(JSON.stringify(messages)) as unknown[]
    return { sent: encodeMessages(messages), said: heard.map((message) => ({ kind: "json" as const, message })) }
  }),
)

/** Puts back together what came in pieces. */
function whole(frames: readonly Frame[]): Frame[] {
  const joined: Frame[] = []
  for (const frame of frames) {
    const last = joined.at(-1)
    if (frame.kind !== "output" || last?.kind !== "output" || !follows(last.output, frame.output)) joined.push(frame)
    else
      joined[joined.length - 1] = {
        kind: "output",
        output: { ...last.output, bytes: concat(last.output, frame.output) },
      }
  }
  return joined
}

type Piece = Extract<Frame, { kind: "output" }>["output"]

function follows(a: Piece, b: Piece): boolean {
  return a.sequence === b.sequence && a.stream === b.stream && a.offset + a.bytes.length === b.offset
}

function concat(a: Piece, b: Piece): Uint8Array {
  return Uint8Array.from([...a.bytes, ...b.bytes])
}

test("FrameReader gives every frame and every byte of output once and in order, however the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), fc.array(fc.nat(40), { minLength: 1 }), (words, cuts) => {
      const sent = Uint8Array.from(words.flatMap((each) => [...each.sent]))
      const reader = new FrameReader()
      const heard: Frame[] = []
      for (let at = 0, i = 0; at < sent.length; i++) {
        const end = at + 1 + cuts[i % cuts.length]!
        heard.push(...reader.read(sent.slice(at, end)))
        at = end
      }
      assert.deepEqual(whole(heard), whole(words.flatMap((each): Frame[] => each.said)))
    }),
  )
})

test("FrameReader refuses what is no frame", () => {
  const [json] = [encodeMessages([1])]
  const piece = encodeOutput({ sequence: 1, stream: "stdout", offset: 0, bytes: Uint8Array.of(1) })
  const changed = (bytes: Uint8Array, at: number, value: number) => bytes.with(at, value)
  const long = new Uint8Array(json)
  new DataView(long.buffer).setUint32(0, MAX_FRAME_BYTES + 1)
  for (const bytes of [
    Uint8Array.of(0, 0, 0, 0, 0),
    long,
    changed(json, 4, 7),
    changed(json, 4, 1),
    changed(json, 5, 0x7b),
    changed(piece, 9, 3),
  ]) {
    assert.throws(() => new FrameReader().read(bytes), SyntaxError)
  }
})
