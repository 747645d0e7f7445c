import assert from "node:assert/strict"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { scanTree } from "./scan.ts"
import { unmatched } from "./unmatched.ts"

test("patterns that match nothing are told, as they were given", async () => {
  using scratch = new ScratchFolder()
  const { record } = await scanTree(scratch.write({ "results/deep/model.pt": "", "logs/": "", "a.txt": "" }))
  const good = ["*.pt", "./results/", "results/deep/model.pt", "results/**", "logs", "**/deep", "a.*", "results/*/*.pt"]
  assert.deepEqual(await unmatched(good, record), [])
  const bad = ["*.bin", "./result", "model.pt", "results/*.pt", "logs/**", "A.txt"]
  assert.deepEqual(await unmatched([...good, ...bad], record), bad)
})
