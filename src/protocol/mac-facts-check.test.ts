import assert from "node:assert/strict"
import { test } from "node:test"
import type { MacFacts } from "./mac-facts.ts"
import { checkMacFacts } from "./mac-facts-check.ts"

const KNOWN: MacFacts = {
  model: "Mac15,14",
  modelName: "Mac Studio (M3 Ultra, 2025)",
  formFactor: "desktop",
  chip: "Apple M3 Ultra",
  cores: [{ kind: "Performance", count: 24 }],
  gpuCores: 80,
  memoryBytes: 512 * 1024 ** 3,
  bandwidthGbPerS: 819,
  fp32Tflops: 28.26,
  gpuWiredLimitMb: 0,
  macosVersion: "26.1",
  macosBuild: "25B71",
  verdict: "accepted",
  refusals: [],
  unknown: [],
}
const NEVER_NULL = ["refusals", "unknown"]

test("what a Mac is may be known or unknown, field by field", () => {
  checkMacFacts(KNOWN)
  const nothing = Object.fromEntries(Object.keys(KNOWN).map((field) => [field, NEVER_NULL.includes(field) ? [] : null]))
  checkMacFacts({ ...nothing, unknown: [{ fact: "chip", reason: "truncated", text: "the line was cut" }] })
  checkMacFacts({ ...KNOWN, cores: [{ kind: null, count: 8 }] })
})

test("what an agent says of its Mac is looked at field by field", () => {
  const bad: Record<string, unknown>[] = [
    ...Object.keys(KNOWN).flatMap((field) => [{ [field]: undefined }, { [field]: { a: 1 } }, { [field]: true }]),
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
    assert.throws(() => checkMacFacts({ ...KNOWN, ...change }), { code: "corrupt_data" }, JSON.stringify(change))
  }
  for (const value of [null, [], "mac"]) assert.throws(() => checkMacFacts(value), { code: "corrupt_data" })
})
