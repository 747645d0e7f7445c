import assert from "node:assert/strict"
import { test } from "node:test"
import { stallWeight } from "./stall-weight.ts"

test("shapes weigh more than tools, tools more than words, and a format that is no shape is words", () => {
  const words = { messages: [] }
  const bodies = [
    words,
    { ...words, response_format: { type: "text" } },
    { ...words, response_format: { type: "json_object" } },
    { ...words, tools: [{}], response_format: { type: "text" } },
    { ...words, response_format: { type: "json_schema", json_schema: {} }, tools: [{}] },
    { ...words, grammar: "root ::= .", tools: [{}] },
  ]
  assert.deepEqual(bodies.map(stallWeight), [0, 0, 0, 1, 2, 2])
})
