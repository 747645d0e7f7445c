import assert from "node:assert/strict"
import { test } from "node:test"
import type { HostFacts } from "../../protocol/host.ts"
import { memoryNow } from "./memory-now.ts"

const GIB = 1024 ** 3
const FACTS = { platform: "darwin", memoryBytes: 64 * GIB } as HostFacts
const TOTAL = { memoryBytes: 56 * GIB, gpus: 1, cores: 12 }

test("jobs may hold what is available and not kept for the owner, and what they hold of their leases already", () => {
  assert.equal(memoryNow(FACTS, TOTAL, 31 * GIB, []), 23 * GIB)
  const modest = { heldBytes: 6 * GIB, leaseBytes: 8 * GIB }
  // 8 GB are leased: what is left for others is 29 - 8, of which the owner's apps have taken nothing.
  assert.equal(memoryNow(FACTS, TOTAL, 31 * GIB, [modest]), 29 * GIB)
  const greedy = { heldBytes: 20 * GIB, leaseBytes: GIB }
  assert.equal(memoryNow(FACTS, TOTAL, 31 * GIB, [greedy]), 24 * GIB, "what is held beyond a lease is gone")
  assert.equal(memoryNow(FACTS, TOTAL, GIB, []), 0)
})

test("nothing is said where nobody knows, and of a host that is no Mac", () => {
  assert.equal(memoryNow(FACTS, TOTAL, undefined, []), undefined)
  assert.equal(memoryNow({ ...FACTS, platform: "linux" }, TOTAL, 31 * GIB, []), undefined)
  assert.equal(memoryNow(null, TOTAL, 31 * GIB, []), undefined)
})
