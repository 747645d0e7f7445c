import assert from "node:assert/strict"
import { test } from "node:test"
import { STUDIO } from "../../test/support/shown-hosts.ts"
import { checkMacFacts } from "./mac-facts-check.ts"

const NEVER_NULL = ["refusals", "unknown"]

test("what a Mac is may be known or unknown, field by field", () => {
  checkMacFacts(STUDIO)
  const nothing = Object.fromEntries(
    Object.keys(STUDIO).map((field) => [field, NEVER_NULL.includes(field) ? [] : null]),
  )
  checkMacFacts({ ...nothing, unknown: [{ fact: "chip", reason: "truncated", text: "the line was cut" }] })
  checkMacFacts({ ...STUDIO, cores: [{ kind: null, count: 8 }] })
})

test("what an agent says of its Mac is looked at field by field", () => {
  const bad: Record<string, unknown>[] = [
    ...Object.keys(STUDIO).flatMap((field) => [{ [field]: undefined }, { [field]: { a: 1 } }, { [field]: true }]),
    ...NEVER_NULL.map((field) => ({ [field]: null })),
    { gpuCores: -1 },
    { gpuCores: 1.5 },
    { fp32Tflops: Number.NaN },
    { formFactor: "tower" },
    { cores: [{ kind: "Super" }] },
    { cores: Array(11).fill({ kind: "Super", count: 1 }) },
    { refusals: [1] },
    { unknown: [{ fact: "chip", reason: "truncated" }] },
    { modelName: "x".repeat(100_000) },
  ]
  for (const change of bad) {
    assert.throws(() => checkMacFacts({ ...STUDIO, ...change }), { code: "corrupt_data" }, JSON.stringify(change))
  }
  for (const value of [null, [], "mac"]) assert.throws(() => checkMacFacts(value), { code: "corrupt_data" })
})
