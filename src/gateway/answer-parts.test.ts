import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { AnswerParts, type PartStep } from "./answer-parts.ts"
import { anthropicStream } from "./anthropic-stream.ts"
import { EventStreamReader } from "./event-stream.ts"
import type { JsonObject } from "./json-object.ts"
import { responsesStream } from "./responses-stream.ts"

interface Call {
  readonly name: string
  readonly pieces: readonly string[]
}

const piece = fc.string({ minLength: 1, maxLength: 4 })
const calls = fc.array(
  fc.record({ name: fc.constantFrom("look", "list"), pieces: fc.array(piece, { maxLength: 4 }) }),
  {
    maxLength: 3,
  },
)

/** Chunks of an answer: reasoning, words, then calls whose pieces are interleaved as `order` says, each call's own in order. */
function chunksOf(
  reasoning: string[],
  words: string[],
  wanted: readonly Call[],
  order: readonly number[],
): JsonObject[] {
  const chunk = (delta: object, finish: string | null = null) => ({
    choices: [{ index: 0, delta, finish_reason: finish }],
  })
  const left = wanted.map(({ name, pieces }, index) => [
    { index, id: `call_${index}`, function: { name, arguments: "" } },
    ...pieces.map((each) => ({ index, function: { arguments: each } })),
  ])
  const interleaved: object[] = []
  for (let turn = 0; left.some((each) => each.length > 0); turn++) {
    const open = left.filter((each) => each.length > 0)
    interleaved.push(open[(order[turn] ?? 0) % open.length]!.shift()!)
  }
  return [
    chunk({ role: "assistant", content: null }),
    ...reasoning.map((text) => chunk({ reasoning_content: text })),
    ...words.map((text) => chunk({ content: text })),
    ...interleaved.map((call) => chunk({ tool_calls: [call] })),
    chunk({}, wanted.length > 0 ? "tool_calls" : "stop"),
  ]
}

const answer = fc.record({
  reasoning: fc.array(piece, { maxLength: 3 }),
  words: fc.array(piece, { maxLength: 3 }),
  calls,
  order: fc.array(fc.nat(), { maxLength: 12 }),
})

function wholeParts(steps: readonly PartStep[]): [kind: string, text: string][] {
  const parts: [string, string][] = []
  let isOpen = false
  for (const step of steps) {
    if (step.type === "open") {
      assert.ok(!isOpen, "one is open at a time")
      isOpen = true
      parts.push([step.part.kind === "tool" ? `${step.part.id} ${step.part.name}` : step.part.kind, ""])
    } else {
      assert.ok(isOpen)
      if (step.type === "text") parts.at(-1)![1] += step.text
      else isOpen = false
    }
  }
  assert.ok(!isOpen, "all are closed")
  return parts
}

test("parts follow each other and are whole, however calls are interleaved", () => {
  fc.assert(
    fc.property(answer, ({ reasoning, words, calls: wanted, order }) => {
      const parts = new AnswerParts()
      const steps = [...chunksOf(reasoning, words, wanted, order).flatMap((each) => parts.chunk(each)), ...parts.end()]
      const got = wholeParts(steps)
      const plain = [
        ["reasoning", reasoning.join("")],
        ["text", words.join("")],
      ].filter(([, text]) => text !== "")
      assert.deepEqual(got.slice(0, plain.length), plain)
      assert.deepEqual(
        got.slice(plain.length).sort(),
        wanted.map(({ name, pieces }, index) => [`call_${index} ${name}`, pieces.join("")]).sort(),
      )
      assert.equal(parts.finishReason, wanted.length > 0 ? "tool_calls" : "stop")
    }),
  )
})

const NAMES = { model: "tiny", id: "1", createdS: 0 }

function eventsOf(text: string): JsonObject[] {
  return new EventStreamReader().push(new TextEncoder().encode(text)).map(({ event, data }) => {
    const body = JSON.parse(data) as JsonObject
    assert.equal(event, body.type)
    return body
  })
}

test("Anthropic's events have the order its clients rely on", () => {
  fc.assert(
    fc.property(answer, ({ reasoning, words, calls: wanted, order }) => {
      const writer = anthropicStream({}, true, NAMES)
      const chunks = chunksOf(reasoning, words, wanted, order)
      const events = eventsOf(chunks.map((each) => writer.chunk(each)).join("") + writer.end(undefined))
      const types = events.map(({ type }) => String(type).replace("content_block_", "")).join(" ")
      assert.match(types, /^message_start ping (start (delta )*stop )*message_delta message_stop$/)
      const starts = events.filter(({ type }) => type === "content_block_start")
      assert.deepEqual(
        starts.map(({ index }) => index),
        starts.map((_, index) => index),
      )
    }),
  )
})

test("events of a response are numbered, and its end has all that was streamed", () => {
  fc.assert(
    fc.property(answer, ({ reasoning, words, calls: wanted, order }) => {
      const writer = responsesStream({}, NAMES)
      const chunks = chunksOf(reasoning, words, wanted, order)
      const events = eventsOf(chunks.map((each) => writer.chunk(each)).join("") + writer.end(undefined))
      assert.deepEqual(
        events.map((event) => event.sequence_number),
        events.map((_, index) => index),
      )
      const done = events.filter(({ type }) => type === "response.output_item.done").map(({ item }) => item)
      const last = events.at(-1)!
      assert.equal(last.type, "response.completed")
      assert.deepEqual((last.response as JsonObject).output, done)
    }),
  )
})
