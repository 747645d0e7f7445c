import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import type { PullId } from "../../protocol/ids.ts"
import type { PullView } from "../../protocol/pull-api.ts"
import { pulledText, pullLine, pullsText } from "./pull-text.ts"

const GIB = 1024 ** 3
const DAY_MS = 86_400_000

function view(change: Partial<PullView> = {}): PullView {
  return {
    id: "p1" as PullId,
    user: "ada",
    name: "tiny",
    repository: "lab/tiny",
    revision: "main",
    commit: "c".repeat(40),
    label: "Q8_0",
    hub: "https://hub.example/",
    state: "pulling",
    reason: null,
    files: [{ name: "tiny.gguf", bytes: 4 * GIB, doneBytes: GIB }],
    totalBytes: 4 * GIB,
    doneBytes: GIB,
    fetchedBytes: GIB,
    version: null,
    createdAt: 0,
    endedAt: null,
    ...change,
  }
}

test("what comes has a bar, how much, how fast and how long still, or why nothing comes", () => {
  assert.match(pullLine(view(), null), /^\[#{6}-{18}\] 25 % of 4\D/)
  assert.match(pullLine(view(), GIB / 4), /25 % of .*\/s, 12 s to go$/)
  const waits = pullLine(view({ reason: "the hub answers with HTTP 429; asked again in 30 s" }), GIB)
  assert.match(waits, /25 % of .*: the hub answers with HTTP 429; asked again in 30 s$/)
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (done, more) => {
      const line = pullLine(view({ doneBytes: done, totalBytes: done + more }), null)
      const [, full = "", empty = ""] = /^\[(#*)(-*)\]/.exec(line) ?? []
      assert.equal(full.length + empty.length, 24)
      assert.equal(empty === "", more === 0 || done / (done + more) >= 1)
    }),
  )
})

test("lists tell what is under way, and failures of a day after which nothing else came", () => {
  const failed = view({ state: "failed", reason: "no room", endedAt: DAY_MS })
  assert.match(
    pullsText([view(), view({ state: "done" })], 0),
    /^tiny from lab\/tiny: coming \[#{6}-{18}\] 25 % of [^\n]*\n$/,
  )
  assert.equal(pullsText([failed], DAY_MS), "tiny from lab/tiny: failed: no room\n")
  assert.equal(pullsText([failed], 3 * DAY_MS), "")
  assert.equal(pullsText([failed, view({ state: "done", createdAt: 5 })], DAY_MS), "")
})

test("what has come says what was fetched for it", () => {
  assert.match(
    pulledText(view({ state: "done", version: 2 })),
    /^tiny version 2 is in the lab \(1 file, .* fetched\)\n$/,
  )
  assert.match(pulledText(view({ version: 2, fetchedBytes: 0 })), /all of it was here already/)
})
