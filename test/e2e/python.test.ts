import assert from "node:assert/strict"
import { test } from "node:test"
import { noPythonIndex } from "../support/python-index.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ local: 1 })
const skip = await noPythonIndex()

test("a folder with requirements: the first job builds, the next starts at once, and python is the environment's", {
  skip,
}, async () => {
  using project = new ScratchFolder()
  project.write({
    "requirements.txt": "iniconfig==2.0.0\n",
    "show.py": "import iniconfig, sys; print(iniconfig.IniConfig.__name__, sys.prefix)\n",
  })
  const first = await pool().windfall(["send", "--", "python", "show.py"], { cwd: project.path })
  assert.equal(first.exitCode, 0, first.stderr)
  assert.match(first.stdout, /^IniConfig .*\/environments\/[0-9a-f]{32}\/venv\n/)
  assert.match(first.stderr, /environment: requirements\.txt\n/)
  assert.match(first.stderr, /building the Python environment from requirements\.txt/)
  assert.match(first.stderr, /iniconfig==2\.0\.0/)
  const second = await pool().windfall(["send", "--", "python3", "show.py"], { cwd: project.path })
  assert.equal(second.exitCode, 0, second.stderr)
  assert.equal(second.stdout, first.stdout)
  assert.doesNotMatch(second.stderr, /building/)
})
