import assert from "node:assert/strict"
import { test } from "node:test"
import { closest } from "./closest.ts"

test("closest() finds what was meant and does not guess wildly", () => {
  const commands = ["send", "stop", "show", "logs", "attach", "wait", "why"]
  assert.equal(closest("sned", commands), "send")
  assert.equal(closest("lgos", commands), "logs")
  assert.equal(closest("atach", commands), "attach")
  assert.equal(closest("frobnicate", commands), undefined)
  assert.equal(closest("xyz", commands), undefined)
  assert.equal(closest("q", ["a"]), undefined)
})
