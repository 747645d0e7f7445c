import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { formatBytes } from "../../src/base/bytes.ts"
import { send } from "../../src/cli/commands/send.ts"
import { DEFAULT_LIMITS } from "../../src/server/limits.ts"
import { usePool } from "../support/use-pool.ts"

const KEPT = { outputHeadBytes: 65_536, outputTailBytes: 65_536 }
const pool = usePool({ local: 1, server: { limits: KEPT } })

test("who reads a job's output that was not all kept is not told of success; its files and `wait` are as ever", async () => {
  const job = await pool().submit({ command: ["sh", "-c", "head -c 1000000 /dev/zero; echo told >&2"] })
  await pool().awaitJob(job.id)
  const read = await pool().windfall(["attach", "-q", String(job.id)])
  assert.equal(read.exitCode, 125, read.stderr)
  assert.ok(Buffer.byteLength(read.stdout) < 1_000_000)
  assert.match(read.stderr, /of stdout were not kept/)
  assert.match(read.stderr, /succeeded.*of its standard output were not kept, so this ends with 125\n$/)
  const events = await pool().windfall(["attach", "--json", String(job.id)])
  assert.equal(events.exitCode, 125)
  const last = JSON.parse(events.stdout.trim().split("\n").at(-1) ?? "") as { type: string; exitCode: number }
  assert.deepEqual([last.type, last.exitCode], ["end", 125])
  assert.equal((await pool().windfall(["wait", String(job.id)])).exitCode, 0)
})

test("how much of a job's output is kept is said as it is", () => {
  const docs = ["README.md", "docs/job-environment.md"].map((path) =>
    readFileSync(join(import.meta.dirname, "../..", path), "utf8"),
  )
  const head = formatBytes(DEFAULT_LIMITS.outputHeadBytes)
  const tail = formatBytes(DEFAULT_LIMITS.outputTailBytes)
  for (const text of [...docs, send.about]) assert.ok(text.includes(`first ${head} and the last ${tail}`), text)
})
