import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 2 })

test("data is sent once, seen read-only by jobs, and none of their outputs", async () => {
  using sets = new ScratchFolder()
  sets.write({ "a.txt": "alpha\n", "below/b.txt": "beta\n", ".gitignore": "a.txt\n", ".DS_Store": "junk" })
  const added = await pool().windfall(["data", "add", "letters", sets.path])
  assert.equal(added.exitCode, 0, added.stderr)
  assert.match(added.stdout, /letters version 1: 3 files/)
  assert.match(added.stderr, /left out.*: \.DS_Store/)
  assert.match((await pool().windfall(["data", "add", "letters", sets.path])).stdout, /version 1/)

  using project = new ScratchFolder()
  project.write({
    "go.sh":
      "cat data/letters/a.txt sets/l/below/b.txt; echo x 2>/dev/null > data/letters/a.txt; echo $? > code; mkdir -p data/own; echo mine > data/own/file",
  })
  const args = ["send", "-q", "--data", "letters", "--data", "letters:sets/l", "--", "sh", "go.sh"]
  const ran = await pool().windfall(args, { cwd: project.path })
  assert.equal(ran.exitCode, 0, ran.stderr)
  assert.equal(ran.stdout, "alpha\nbeta\n")
  const here = readdirSync(project.path, { recursive: true }).map(String).sort()
  assert.deepEqual(here, ["code", "data", "data/own", "data/own/file", "go.sh"])
  assert.notEqual(readFileSync(project.at("code"), "utf8").trim(), "0")
})
