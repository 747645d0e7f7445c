import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })

test("what a job made and cannot travel is named; the rest comes home", async () => {
  using project = new ScratchFolder()
  const made = "echo a > good; mkfifo pipe"
  const { exitCode, stderr } = await pool().windfall(["send", "--", "sh", "-c", made], { cwd: project.path })
  assert.equal(exitCode, 0, stderr)
  assert.match(stderr, /pipe could not come home \(/)
  assert.ok(existsSync(join(project.path, "good")))
})
