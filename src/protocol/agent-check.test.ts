import assert from "node:assert/strict"
import { test } from "node:test"
import { checkAgentMessage } from "./agent-check.ts"
import { MAX_STRAYS } from "./agent-wire.ts"
import { makeId } from "./ids.ts"

test("what an agent says of leftovers is looked at field by field", () => {
  const attempt = makeId("a", new Uint8Array(16))
  const stray = { pid: 1, start: "2", command: "sh", attempt, certain: true, memoryBytes: 3 }
  const leftovers = { strays: [stray], missingBytes: 0 }
  assert.ok(checkAgentMessage({ type: "leftovers", leftovers }))
  const bad: unknown[] = [
    null,
    { strays: [] },
    { ...leftovers, missingBytes: -1 },
    { ...leftovers, strays: Array(MAX_STRAYS + 1).fill(stray) },
    ...Object.keys(stray).map((field) => ({ ...leftovers, strays: [{ ...stray, [field]: null }] })),
    { ...leftovers, strays: [{ ...stray, command: "x".repeat(100_000) }] },
    { ...leftovers, strays: [{ ...stray, attempt: "../x" }] },
  ]
  for (const each of bad) {
    assert.throws(() => checkAgentMessage({ type: "leftovers", leftovers: each }), { code: "corrupt_data" })
  }
})
