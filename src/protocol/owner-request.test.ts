import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { type OwnerRequest, readAnswer, readRequest, requestIdOf, requestName, requestText } from "./owner-request.ts"

const times = fc.integer({ min: 0, max: 8.64e15 })
const wishes = fc.oneof(
  fc.record({ verb: fc.constant("pause" as const), until: fc.option(times) }),
  fc.record({ verb: fc.constant("pause" as const), end: fc.constantFrom("2h", "today", "until 18:00", "") }),
  fc.constantFrom({ verb: "resume" as const }, { verb: "leave" as const }, { verb: "status" as const }),
  fc.record({
    verb: fc.constant("rules" as const),
    rules: fc.dictionary(fc.constantFrom("who", "hours"), fc.option(fc.string()), {
      minKeys: 1,
      noNullPrototype: true,
    }),
  }),
)

describe("requests of owners", () => {
  it("read as they were written", () => {
    fc.assert(
      fc.property(wishes, times, (wish, at) => {
        const request: OwnerRequest = { ...wish, id: "k3-x", at }
        assert.deepEqual(readRequest("k3-x", requestText(request)), request)
      }),
    )
  })

  it("are refused or read, whatever is in the file", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        assert.throws(() => readRequest("a", text), { code: "invalid_input" })
        readAnswer(text)
      }),
    )
  })

  it("are no longer one with anything of it changed that matters", () => {
    const good = { windfall: 1, id: "a", at: 5, verb: "pause", until: null }
    assert.deepEqual(readRequest("a", JSON.stringify(good)), { id: "a", at: 5, verb: "pause", until: null })
    const bad = [
      { windfall: 2 },
      { id: "b" },
      { at: -1 },
      { at: "5" },
      { at: 1e300 },
      { verb: "evict" },
      { verb: "__proto__" },
      { until: "never" },
      { until: Number.NaN, end: "2h" },
      { verb: "rules" },
      { verb: "rules", rules: {} },
      { verb: "rules", rules: { who: 5 } },
    ]
    for (const change of bad) {
      assert.throws(() => readRequest("a", JSON.stringify({ ...good, ...change })), { code: "invalid_input" })
    }
  })

  it("are known by their names", () => {
    assert.equal(requestIdOf(requestName("0f-9")), "0f-9")
    for (const name of [
      ".a.request",
      "a.answer",
      "A.request",
      "../a.request",
      "a.request.",
      `${"a".repeat(65)}.request`,
    ]) {
      assert.equal(requestIdOf(name), null)
    }
  })
})
