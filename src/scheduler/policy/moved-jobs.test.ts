import assert from "node:assert/strict"
import { test } from "node:test"
import { DEFAULT_POLICY } from "./default-policy.ts"
import { movedJobs, type PlacedJob } from "./moved-jobs.ts"
import { readPolicy } from "./read-policy.ts"

const HOUR_MS = 3_600_000
const POOL = { hosts: 4, cores: 40 }
const JOBS: readonly PlacedJob[] = [
  { job: 1, partition: "apple_gpu", cores: 1, timeLimitMs: null, submittedMs: 0 },
  { job: 2, partition: "apple_gpu", cores: 20, timeLimitMs: HOUR_MS, submittedMs: HOUR_MS },
  { job: 3, partition: "night", cores: 1, timeLimitMs: null, submittedMs: 2 * HOUR_MS },
]

function moves(text: string) {
  const { policy } = readPolicy(text)
  assert.ok(policy !== null)
  return movedJobs(JOBS, policy, POOL, 3 * HOUR_MS)
}

test("the policy of a pool without one moves nobody", () => {
  assert.deepEqual(movedJobs(JOBS, DEFAULT_POLICY, POOL, HOUR_MS), [])
})

test("a weight of size, or the tier of a partition, moves jobs", () => {
  assert.deepEqual(moves("priority: { weights: { size: 1000 } }"), [
    { job: 2, from: 2, to: 1 },
    { job: 1, from: 1, to: 2 },
  ])
  assert.deepEqual(moves("partitions: { apple_gpu: {}, night: { tier: 5 } }"), [
    { job: 3, from: 3, to: 1 },
    { job: 1, from: 1, to: 2 },
    { job: 2, from: 2, to: 3 },
  ])
})
