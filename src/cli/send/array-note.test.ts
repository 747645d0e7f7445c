import assert from "node:assert/strict"
import { test } from "node:test"
import { arrayNote } from "./array-note.ts"

test("an index that no shell puts in is pointed out", () => {
  const note = (...command: string[]) => arrayNote({ array: "1-3", command })
  assert.match(note("python", "train.py", "--seed", "$WINDFALL_ARRAY_INDEX") ?? "", /no shell reads/)
  const braced = `in-$${"{WINDFALL_ARRAY_INDEX}"}.txt`
  assert.match(note("cat", braced) ?? "", /no shell reads/)
  assert.equal(note("/bin/sh", "-c", "echo $WINDFALL_ARRAY_INDEX"), undefined)
  assert.equal(note("python", "train.py"), undefined)
  assert.equal(arrayNote({ command: ["echo", "$WINDFALL_ARRAY_INDEX"] }), undefined)
})
