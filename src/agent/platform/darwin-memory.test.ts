import assert from "node:assert/strict"
import { test } from "node:test"
import { memoryFacts } from "./darwin-memory.ts"

const GIB = 1024 ** 3
const PAGES = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               65536.
Pages active:                           2000000.
Pages inactive:                          131072.
Pages speculative:                        65536.
Pages throttled:                              0.
Pages wired down:                        131072.
Pages purgeable:                              0.
`

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
