import assert from "node:assert/strict"
import * as fs from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { walkFolder } from "./folder-walk.ts"
import { IgnoreRules } from "./ignore-rules.ts"
import { StatAhead } from "./stat-ahead.ts"

const FOLDERS = 50
const FILES_EACH = 100

test("what a second thread has seen of a large folder is what the walk would have seen", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.at("root")
  const folderOf = (i: number): string => `${root}/f${String(i).padStart(3, "0")}`
  for (let i = 0; i < FOLDERS; i++) {
    fs.mkdirSync(folderOf(i), { recursive: true })
    for (let k = 0; k < FILES_EACH; k++) fs.writeFileSync(`${folderOf(i)}/${k}`, `${i}/${k}`)
  }
  fs.writeFileSync(`${folderOf(7)}/\u{1f34e}`, "apple")
  fs.writeFileSync(`${folderOf(7)}/\ufb01`, "before the apple by UTF-16, after it by code points")
  const filter = new IgnoreRules(root, [])
  const before = await walkFolder(root, undefined, { filter })
  assert.equal(StatAhead.of(root, { ...before, files: 100 }), undefined)

  fs.writeFileSync(`${folderOf(3)}/5`, "changed")
  fs.rmSync(`${folderOf(4)}/6`)
  fs.writeFileSync(`${folderOf(5)}/new`, "new")
  fs.rmSync(`${folderOf(6)}/7`)
  fs.mkdirSync(`${folderOf(6)}/7`)
  fs.rmSync(folderOf(8), { recursive: true })
  fs.mkdirSync(`${folderOf(9)}/below`)
  fs.writeFileSync(`${folderOf(9)}/below/x`, "x")
  fs.rmSync(`${folderOf(10)}/1`)
  fs.symlinkSync("2", `${folderOf(10)}/1`)

  using ahead = StatAhead.of(root, before)
  await ahead?.ended
  const read: string[] = []
  const seen = {
    take: (folder: string) => {
      const one = ahead?.take(folder)
      if (one !== undefined) read.push(folder)
      return one
    },
  } as StatAhead
  const after = await walkFolder(root, before, { filter, ahead: seen })
  const alone = await walkFolder(root, before, { filter })
  assert.deepEqual(after, alone)
  assert.equal(after.hash, (await walkFolder(root, undefined, { filter })).hash)
  assert.notEqual(after.hash, before.hash)
  // All but the top, the one that is gone, the new one, and the one whose names need a closer look.
  assert.equal(read.length, FOLDERS - 2)
})
