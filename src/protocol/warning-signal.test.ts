import assert from "node:assert/strict"
import { describe, it, test } from "node:test"
import { toJobSpec } from "./job-values.ts"
import { readWarning } from "./warning-signal.ts"

const FACTS = {
  kind: "task",
  command: ["true"],
  environment: {},
  workspace: null,
  workingFolder: "",
  stdin: null,
  terminal: null,
  git: null,
} as const

describe("readWarning()", () => {
  for (const [text, signal, beforeMs, commandOnly] of [
    ["USR1", "SIGUSR1", 60_000, false],
    ["SIGUSR1@5m", "SIGUSR1", 300_000, false],
    ["usr2@90", "SIGUSR2", 90_000, false],
    ["B:TERM@1:30:00", "SIGTERM", 5_400_000, true],
    ["b:int@1h30m", "SIGINT", 5_400_000, true],
  ] as const) {
    it(text, () => assert.deepEqual(readWarning(text), { signal, beforeMs, commandOnly }))
  }

  for (const [text, problem] of [
    ["", /not a signal and a time/],
    ["@5m", /not a signal and a time/],
    ["R:USR1@5m", /not a signal and a time/],
    ["10@300", /another one on macOS/],
    ["KILL@5m", /"KILL" is not one of SIGUSR1/],
    ["USR1@0", /not a time before the limit/],
    ["USR1@", /./],
    ["USR1@soon", /soon/],
    ["USR1@9999d", /not a time before the limit/],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => readWarning(text), problem))
  }
})

test("a job is not warned as it begins, and one that wants no warning says nothing of it", () => {
  assert.deepEqual(toJobSpec({ signal: "USR1@5m", time: 600_000 }, FACTS).warning, readWarning("USR1@5m"))
  assert.equal("warning" in toJobSpec({ time: 600_000 }, FACTS), false)
  assert.throws(() => toJobSpec({ signal: "USR1@10m", time: 600_000 }, FACTS), /so long before its time limit/)
  assert.throws(() => toJobSpec({ signal: "USR9@10m" }, FACTS), { code: "invalid_input", hint: /--signal USR1@5m/ })
})
