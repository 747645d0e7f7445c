import assert from "node:assert/strict"
import { test } from "node:test"
import { unwatchedRulesText } from "./unwatched-rules.ts"

test("of rules that ask who is there it is said that they do nothing where nobody is looked for", () => {
  assert.equal(unwatchedRulesText("box", ["hours", "who", "vacate_after"]), null)
  assert.equal(
    unwatchedRulesText("box", ["on_return"]),
    "box is no Mac, so nobody is looked for: on_return has no effect there but on what a pause does to jobs.",
  )
  assert.equal(
    unwatchedRulesText("box", ["hours", "start_after_idle", "display"]),
    "box is no Mac, so nobody is looked for: start_after_idle and display have no effect there.",
  )
})
