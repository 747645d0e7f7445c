import assert from "node:assert/strict"
import { test } from "node:test"
import { assertRefused } from "../support/assert-refused.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ local: 1 })

test("nothing of a folder travels for a job that the server would refuse, and a dry run says so", async () => {
  using project = new ScratchFolder()
  project.write({
    "data.bin": "of no other folder".repeat(1_000),
    "input.txt": "for the standard input alone",
    "jobs.yml": "command: [cat, data.bin]\n---\ncommand: ['true']\nhost: nowhere\n",
  })
  const inProject = { cwd: project.path }
  const held = ["send", "-q", "--no-folder", "--detach", "--name", "held", "--", "sleep", "60"]
  assert.equal((await pool().windfall(held)).exitCode, 0)
  const cases: [args: string[], message: RegExp][] = [
    [["send", "--host", "nowhere", "--", "true"], /nowhere/],
    [["send", "-w", "nowhere", "--dry-run", "--", "true"], /nowhere/],
    [["send", "--memory", "900T", "--", "true"], /900 TB/],
    [["send", "--name", "held", "--", "true"], /held/],
    [["send", "--host", "nowhere", "--stdin=input.txt", "--", "cat"], /nowhere/],
    [["apply", "-f", "jobs.yml"], /job 2 of 2/],
    [["apply", "-f", "jobs.yml", "--dry-run"], /job 2 of 2/],
  ]
  for (const [args, message] of cases) {
    const refused = await pool().windfall(args, inProject)
    assertRefused(refused, message)
    assert.doesNotMatch(refused.stderr, /sending/)
  }
  await pool().windfall(["stop", "held", "--now"])
  const { stdout } = await pool().windfall(["send", "--dry-run", "--json", "--", "true"], inProject)
  const { files, travels } = JSON.parse(stdout)
  assert.equal(travels.files, files)
})
