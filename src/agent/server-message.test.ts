import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { makeOrder } from "../../test/support/agent-orders.ts"
import type { ServerMessage } from "../protocol/agent-wire.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash, JobId } from "../protocol/ids.ts"
import { readServerMessage } from "./server-message.ts"

const ROOT = "ab".repeat(32) as BlobHash
const ORDER = makeOrder(7, ["python", "train.py"], {
  timeLimitMs: 1000,
  checkpoint: { globs: ["kept/**"], from: { tree: ROOT, attempt: 1 } },
  pty: { columns: 80, rows: 24, term: "xterm" },
  data: [
    { name: "mnist", path: "data/mnist", root: ROOT, bytes: 5, place: null },
    { name: "corpus", path: "c", root: null, bytes: 0, place: "/Volumes/lab/corpus" },
    { name: "scratch", path: "s", root: null, bytes: 0, place: "/Volumes/lab/scratch", writable: true },
  ],
})
const ONE = { attempt: ORDER.attempt, sequence: 7 }

const MESSAGES: readonly ServerMessage[] = [
  { type: "start", order: ORDER, secrets: { TOKEN: "x" } },
  { type: "adopt", ...ONE, stdout: 1, stderr: 2, exitKnown: true },
  { type: "disown", ...ONE },
  { type: "supplied", ...ONE },
  { type: "unsupplied", ...ONE, message: "gone" },
  { type: "stop", ...ONE, cause: "cancelled", signal: "SIGTERM", graceMs: 100 },
  { type: "limit", ...ONE, timeLimitMs: null },
  { type: "suspend-for", ...ONE, turn: 1, for: 12 as JobId, text: "for job 12" },
  { type: "suspend-for", ...ONE, turn: 2, for: null, text: "" },
  { type: "received", sequence: 7, stdout: 5, stderr: 0 },
  { type: "forget", ...ONE },
  { type: "let-go-data", roots: [ROOT] },
  { type: "disk-limit", bytes: 5 },
  { type: "disk-limit", bytes: null },
  { type: "owner-page", name: "Last 30 days.txt", text: "mac-3\n" },
  { type: "leave" },
]

test("readServerMessage() takes every message as it is sent", () => {
  for (const message of MESSAGES) assert.deepEqual(readServerMessage(JSON.parse(JSON.stringify(message))), message)
})

test("readServerMessage() lets a message of a newer server pass", () => {
  assert.equal(readServerMessage({ type: "dance", tempo: 3 }), null)
})

test("readServerMessage() refuses any message with one field that is not what it must be", () => {
  const wrong = fc.constantFrom<unknown>(undefined, null, -1, 1.5, "", "../x", [], {}, true, "\0")
  fc.assert(
    fc.property(fc.constantFrom(...MESSAGES), fc.nat({ max: 50 }), wrong, (message, which, value) => {
      const copy = JSON.parse(JSON.stringify(message)) as Record<string, unknown>
      const target = message.type === "start" && which % 2 === 0 ? (copy.order as Record<string, unknown>) : copy
      const names = Object.keys(target)
      target[names[which % names.length] ?? "type"] = value
      try {
        readServerMessage(copy)
      } catch (error) {
        assert.ok(error instanceof WindfallError && error.code === "invalid_input")
      }
    }),
  )
})

test("readServerMessage() refuses data outside of the job's folder and places that are no absolute path", () => {
  const start = (more: object) => () => {
    const data = [{ ...ORDER.data[0], ...more }]
    readServerMessage({ type: "start", order: { ...ORDER, data }, secrets: {} })
  }
  assert.throws(start({ path: "../x" }), /path/)
  assert.throws(start({ path: "/etc" }), /path/)
  assert.throws(start({ path: "" }), /path/)
  assert.throws(start({ place: "~/x" }), /place/)
  const { data: _, ...older } = ORDER
  assert.deepEqual(readServerMessage({ type: "start", order: older, secrets: {} }), {
    type: "start",
    order: { ...ORDER, data: [] },
    secrets: {},
  })
})

test("readServerMessage() refuses a working folder outside of the workspace and a command without words", () => {
  const start = (more: object) => () => readServerMessage({ type: "start", order: { ...ORDER, ...more }, secrets: {} })
  assert.throws(start({ workingFolder: "../.." }), /workingFolder/)
  assert.throws(start({ workingFolder: "/etc" }), /workingFolder/)
  assert.throws(start({ command: [] }), /command/)
  assert.throws(start({ command: ["a\0b"] }), /command/)
  assert.doesNotThrow(start({ command: [], kind: "session" }))
})
