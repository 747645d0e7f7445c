import assert from "node:assert/strict"
import * as fs from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { removeTree } from "./remove-tree.ts"

test("removeTree() removes read-only and closed folders beside others, every time", async () => {
  using scratch = new ScratchFolder()
  for (let round = 0; round < 10; round++) {
    const attempt = scratch.write(
      { "work/sealed/f": "x", "work/closed/f": "x", "tmp/a/b/c/": "", record: "x", stdout: "x", stderr: "x" },
      `attempt${round}`,
    )
    fs.chmodSync(`${attempt}/work/sealed`, 0o555)
    fs.chmodSync(`${attempt}/work/closed`, 0o000)
    await removeTree(attempt)
    assert.equal(fs.existsSync(attempt), false)
  }
  await removeTree(scratch.at("nothing"))
})
