import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { type CountedModel, refuseTooLong } from "./refuse-too-long.ts"

const MODEL: CountedModel = { contextTokens: 16, longestTokenBytes: 8 }
const chat = (...contents: unknown[]) => ({ messages: contents.map((content) => ({ role: "user", content })) })
const refuses = (body: object, model = MODEL) =>
  assert.throws(() => refuseTooLong(body as never, model), {
    kind: "context_exceeded",
    message:
      /^This model's maximum context length is 16 tokens\. However, your (messages|prompt|input) resulted in more/,
  })
const passes = (body: object, model = MODEL) => assert.doesNotThrow(() => refuseTooLong(body as never, model))

test("a text of more bytes than the context can stand for is refused, in each shape", () => {
  const [fits, long] = ["ä".repeat(64), `${"ä".repeat(64)}x`]
  passes(chat(fits))
  refuses(chat(long))
  refuses(chat([{ type: "text", text: long }]))
  refuses(chat(fits, "x"))
  passes({ prompt: fits })
  refuses({ prompt: long })
  passes({ prompt: [fits, fits] })
  refuses({ prompt: [fits, long] })
  refuses({ input: ["short", long] })
  passes({ prompt: Array.from({ length: 16 }, () => 1) })
  refuses({ prompt: Array.from({ length: 17 }, () => 1) })
  refuses({ prompt: [[1], Array.from({ length: 17 }, () => 1)] })
})

test("what may cost no token is not counted: white space, images, tools, thinking, and any bytes where no longest token is known", () => {
  passes(chat(`${" \n\u3000\u00a0".repeat(1_000)}x`))
  passes(chat([{ type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(10_000)}` } }]))
  passes({ ...chat("Hi"), tools: [{ description: "x".repeat(10_000) }] })
  const thought = `<think>${"x".repeat(10_000)}</think>`
  passes({ messages: [{ role: "assistant", content: `${thought} Hi` }] })
  refuses({ messages: [{ role: "assistant", content: `${thought} ${"x".repeat(200)}` }] })
  passes(chat("x".repeat(10_000)), { ...MODEL, longestTokenBytes: null })
  passes({ input: "x".repeat(10_000) }, { ...MODEL, longestTokenBytes: null })
})

test("each message counts as a token, empty ones too, whatever is known of the longest", () => {
  const model = { ...MODEL, longestTokenBytes: null }
  passes(chat(...Array.from({ length: 16 }, () => "a")), model)
  refuses(chat(...Array.from({ length: 17 }, () => "a")), model)
  for (const content of ["", " ", null, [], [{ type: "text", text: "" }]]) {
    passes(chat(...Array.from({ length: 16 }, () => content)), model)
    refuses(chat(...Array.from({ length: 17 }, () => content)), model)
  }
})

test("what may cost no token is bounded all the same, but for images", () => {
  const room = 16 * 8 + 2 ** 20
  const call = (length: number) => ({
    role: "assistant",
    tool_calls: [{ type: "function", function: { name: "look", arguments: "x".repeat(length) } }],
  })
  for (const wrap of [
    (length: number) => chat(" ".repeat(length)),
    (length: number) => chat([{ type: "text", text: "\n".repeat(length - 4) }]),
    (length: number) => ({ messages: [{ role: "assistant", content: `${"x".repeat(length)}</think>` }] }),
    (length: number) => ({ messages: [call(length)] }),
    (length: number) => ({ prompt: " ".repeat(length) }),
    (length: number) => ({ input: ["Hi", " ".repeat(length)] }),
  ]) {
    passes(wrap(room - 100))
    refuses(wrap(room + 10))
    passes(wrap(room + 10), { ...MODEL, longestTokenBytes: null })
    refuses(wrap(room + 16 * 1_024), { ...MODEL, longestTokenBytes: null })
  }
  passes(chat([{ type: "image_url", image_url: { url: "x".repeat(2 * room) } }]))
})

test("a text that can be cut into as many tokens as there is room for always passes", () => {
  const token = fc.string({ unit: "binary", maxLength: 8 }).filter((text) => Buffer.byteLength(text) <= 8)
  fc.assert(
    fc.property(fc.array(token, { maxLength: 16 }), (tokens) => {
      passes(chat(tokens.join("")))
      passes({ prompt: tokens.join("") })
    }),
  )
})
