import assert from "node:assert/strict"
import { test } from "node:test"
import { checkAgentMessage } from "./agent-check.ts"
import { makeId } from "./ids.ts"
import { MAX_STRAYS } from "./leftovers.ts"

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

test("what an agent says of data is looked at field by field", () => {
  const named = { attempt: makeId("a", new Uint8Array(16)), sequence: 1 }
  const root = "ab".repeat(32)
  const messages: Record<string, unknown>[] = [
    { type: "data", roots: [root] },
    { type: "need-data", ...named, root, hashes: [root], direct: true },
    { type: "placing", ...named, name: "mnist", doneBytes: 1, totalBytes: 2 },
    { type: "refused", ...named, cause: "data_failed", message: "gone", data: "mnist" },
  ]
  for (const message of messages) {
    assert.ok(checkAgentMessage(message))
    for (const field of Object.keys(message).filter((name) => name !== "type")) {
      assert.throws(() => checkAgentMessage({ ...message, [field]: null }), { code: "corrupt_data" }, field)
    }
  }
})
