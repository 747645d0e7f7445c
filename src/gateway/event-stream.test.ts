import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { EventStreamReader, eventText, type StreamEvent } from "./event-stream.ts"

const cut = (bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const places = [0, ...cuts.map((each) => each % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place))
}

function readAll(parts: readonly Uint8Array[]): StreamEvent[] {
  const reader = new EventStreamReader()
  return parts.flatMap((part) => reader.push(part))
}

test("events come out as they went in, wherever the bytes are cut and however lines end", () => {
  const events = fc.array(
    fc.record({ event: fc.constantFrom(null, "delta", "error"), data: fc.jsonValue({ maxDepth: 2 }) }),
    { maxLength: 6 },
  )
  const ends = fc.constantFrom("\n", "\r\n", "\r")
  fc.assert(
    fc.property(events, ends, fc.boolean(), fc.array(fc.nat()), (wanted, end, pings, cuts) => {
      const text = wanted
        .map(({ event, data }) => (pings ? ": ping\n\n" : "") + eventText(data, event ?? undefined))
        .join("")
      // What follows a carriage return at the very end is not known yet.
      const bytes = new TextEncoder().encode(text.replaceAll("\n", end) + (end === "\r" ? ":" : ""))
      assert.deepEqual(
        readAll(cut(bytes, cuts)).map(({ event, data }) => ({ event, data: JSON.parse(data) as unknown })),
        wanted.map(({ event, data }) => ({ event, data: JSON.parse(JSON.stringify(data)) as unknown })),
      )
    }),
  )
})

test("any bytes at all are read without an error, the same however they are cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat()), (bytes, cuts) => {
      assert.deepEqual(readAll(cut(bytes, cuts)), readAll([bytes]))
    }),
  )
})

test("an event without an end is given up before it fills the memory", () => {
  const reader = new EventStreamReader()
  const line = new TextEncoder().encode(`data: ${"x".repeat(1024 * 1024)}\n`)
  assert.throws(() => {
    for (let index = 0; index < 20; index++) reader.push(line)
  }, RangeError)
})

test("an event that is not whole is not told", () => {
  assert.deepEqual(readAll([new TextEncoder().encode('data: {"a":1}\n')]), [])
})
