import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"

const PROGRAM = `
  import { getHeapStatistics } from "node:v8"
  import { watchHeap } from ${JSON.stringify(new URL("./heap-watch.ts", import.meta.url).href)}
  const bytes = () => getHeapStatistics().total_heap_size
  let records = Array.from({ length: 1_000_000 }, (_, i) => ({ name: "file " + i, mtimeMs: i + 0.5 }))
  const most = bytes()
  records = undefined
  watchHeap(getHeapStatistics, 10)
  const deadline = performance.now() + 20_000
  while (bytes() > most / 4 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
  console.log(most > 64 * 1024 ** 2, bytes() <= most / 4)
`

test("a process that has become idle gives back what large work has left", () => {
  const { stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", "--input-type=module", "-e", PROGRAM], {
    encoding: "utf8",
  })
  assert.deepEqual([stdout, stderr], ["true true\n", ""])
})
