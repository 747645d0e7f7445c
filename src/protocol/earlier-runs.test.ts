import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { parseBytes } from "../base/bytes.ts"
import { learnedNeed, learnedNote, learnedText, requestText } from "./earlier-runs.ts"
import type { BlobHash } from "./ids.ts"
import { DEFAULT_SPEC, type JobSpec } from "./job.ts"
import { likenessOf } from "./likeness.ts"
import { DEFAULT_MEMORY_BYTES } from "./resources.ts"

const GIB = 1024 ** 3

test("the most that the newest runs held counts, and a tenth more is leased", () => {
  const need = learnedNeed([3 * GIB, 18 * GIB, 2 * GIB], 100 * GIB)
  assert.deepEqual(need, { peakBytes: 18 * GIB, runs: 3, leaseBytes: Math.ceil(19.8 * GIB) })
  assert.equal(learnedText(need!), "its last 3 runs held up to 18 GB")
  assert.equal(requestText(need!.peakBytes), "20G")
  assert.equal(
    learnedNote(need!),
    "its last 3 runs held up to 18 GB, so 20 GB are counted for it; --memory 20G would hold it to that",
  )
  assert.equal(learnedNeed([GIB, GIB, GIB, GIB, GIB, 90 * GIB], 100 * GIB)?.peakBytes, GIB, "old runs are forgotten")
  assert.equal(learnedText(learnedNeed([GIB], 100 * GIB)!), "its last run held 1 GB")
})

test("what was learned never makes a job that cannot start, nor one that gets less than one that said nothing", () => {
  assert.equal(learnedNeed([60 * GIB], 56 * GIB)?.leaseBytes, 56 * GIB)
  assert.equal(learnedNeed([], 56 * GIB), null)
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 600 * GIB })),
      fc.integer({ min: 0, max: 600 * GIB }),
      (peaks, most) => {
        const need = learnedNeed(peaks, most)
        if (need === null) return
        assert.ok(need.leaseBytes > DEFAULT_MEMORY_BYTES && need.leaseBytes <= most)
        assert.ok(need.leaseBytes === most || need.leaseBytes >= need.peakBytes)
      },
    ),
  )
})

test("requestText() asks for no less than was held", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 600 * GIB }), (held) => parseBytes(requestText(held)) >= held))
})

test("a job is the same by its sender and name, or by command and folder; not by what is in the folder", () => {
  const job = (change: Partial<JobSpec>) =>
    likenessOf("ada", { ...DEFAULT_SPEC, command: ["python", "train.py"], project: "ab", ...change })
  assert.equal(job({}), job({ workspace: "ab".repeat(32) as BlobHash, timeLimitMs: 5 }))
  assert.equal(job({ name: "train" }), job({ name: "train", command: ["make"], project: "cd" }))
  const all = [job({}), job({ project: "cd" }), job({ command: ["python", "test.py"] }), job({ name: "train" })]
  const others = [
    job({ workingFolder: "sub" }),
    job({ kind: "session" }),
    likenessOf("bob", { ...DEFAULT_SPEC, command: [] }),
  ]
  assert.equal(new Set([...all, ...others]).size, 7)
})
