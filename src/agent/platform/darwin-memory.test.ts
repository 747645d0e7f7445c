import assert from "node:assert/strict"
import { test } from "node:test"
import { vmStatText } from "../../../test/support/vm-stat-text.ts"
import { memoryFacts } from "./darwin-memory.ts"

const GIB = 1024 ** 3
const PAGES = vmStatText({
  free: 65_536,
  active: 3_670_016,
  inactive: 131_072,
  speculative: 65_536,
  wired: 131_072,
})

test("a Mac tells what its GPU may work with, and what is available now", () => {
  const mac = { memoryBytes: 64 * GIB, gpus: 1 }
  assert.deepEqual(memoryFacts(mac, new Map([["iogpu.wired_limit_mb", "0"]]), PAGES), {
    gpuMemoryBytes: 48 * GIB,
    memoryAvailableBytes: 3 * GIB,
  })
  assert.equal(memoryFacts(mac, new Map([["iogpu.wired_limit_mb", "57344"]]), PAGES).gpuMemoryBytes, 56 * GIB)
})

test("what cannot be read is left out, and where there is no GPU for jobs there is no share of it", () => {
  assert.deepEqual(memoryFacts({ memoryBytes: 64 * GIB, gpus: 1 }, new Map(), "vm_stat: failed"), {
    gpuMemoryBytes: 48 * GIB,
  })
  assert.deepEqual(memoryFacts({ memoryBytes: 8 * GIB, gpus: 0 }, new Map(), ""), {})
})

test("pages that this Mac cannot have are not believed", () => {
  assert.deepEqual(memoryFacts({ memoryBytes: 48 * GIB, gpus: 0 }, new Map(), PAGES), {})
  assert.deepEqual(memoryFacts({ memoryBytes: 0, gpus: 0 }, new Map(), PAGES), { memoryAvailableBytes: 3 * GIB })
})
