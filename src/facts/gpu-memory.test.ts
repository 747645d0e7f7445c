import assert from "node:assert/strict"
import { test } from "node:test"
import { gpuMemoryBytes } from "./gpu-memory.ts"

const GIB = 1024 ** 3
const MIB = 1024 ** 2

test("gpuMemoryBytes() is what Metal recommended on Macs where that was seen", () => {
  assert.equal(Math.floor(gpuMemoryBytes(32 * GIB, 0) / MIB), 21_845)
  assert.equal(gpuMemoryBytes(64 * GIB, 0), 49_152 * MIB)
})

test("gpuMemoryBytes() is never more than what was seen on newer systems", () => {
  // Bytes that MLX reported by the size of memory, none of them raised by hand.
  const seen = [
    [16, 11.84e9],
    [24, 17.76 * GIB],
    [48, 40.2e9],
    [64, 55.7e9],
    [192, 200.8e9],
    [256, 223e9],
    [512, 498e9],
  ] as const
  for (const [gigabytes, bytes] of seen) {
    const ours = gpuMemoryBytes(gigabytes * GIB, 0)
    assert.ok(ours <= bytes && ours > bytes * 0.7, `${gigabytes} GB: ${ours}`)
  }
})

test("a limit that somebody has set counts, up to the memory there is", () => {
  assert.equal(gpuMemoryBytes(128 * GIB, 118_000), 118_000 * MIB)
  assert.equal(gpuMemoryBytes(128 * GIB, null), 96 * GIB)
  assert.equal(gpuMemoryBytes(16 * GIB, 4_000_000), 16 * GIB)
})
