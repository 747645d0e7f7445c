import assert from "node:assert/strict"
import * as fs from "node:fs"
import path from "node:path"
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

test("removeTree() removes folders nested deeper than any path may be long", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.at("attempt")
  const parts = scratch.at("parts")
  fs.mkdirSync(root)
  fs.mkdirSync(parts)
  // From the inside out, each piece moved into the next: no path gets long while they are made.
  for (let piece = 0; piece < 12; piece++) {
    const next = path.join(parts, `${piece}`)
    const innermost = path.join(next, ...Array.from({ length: 100 }, () => "folder"))
    fs.mkdirSync(innermost, { recursive: true })
    fs.writeFileSync(path.join(innermost, "file"), "")
    if (piece > 0) fs.renameSync(path.join(parts, `${piece - 1}`), path.join(innermost, "piece"))
  }
  fs.renameSync(path.join(parts, "11"), path.join(root, "work"))
  await removeTree(root)
  assert.equal(fs.existsSync(root), false)
})
