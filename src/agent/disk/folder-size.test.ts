import assert from "node:assert/strict"
import { linkSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { systemClock } from "../../base/clock.ts"
import { folderSize } from "./folder-size.ts"

const KB = 1024
const { signal } = new AbortController()

test("all below a folder counts, of a file with two names half; links lead nowhere", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "in/deep/er/a": "", "in/b": "", "out/c": "" })
  for (const [path, bytes] of [
    ["in/deep/er/a", 40],
    ["in/b", 20],
    ["out/c", 80],
  ] as const) {
    writeFileSync(scratch.at(path), Buffer.alloc(bytes * KB))
    utimesSync(scratch.at(path), 1_000, 2_000)
  }
  linkSync(scratch.at("in/b"), scratch.at("out/b"))
  symlinkSync(scratch.at("out"), scratch.at("in/out"))
  const { bytes, usedMs } = await folderSize(scratch.at("in"), systemClock(), signal)
  assert.ok(bytes >= 50 * KB && bytes < 60 * KB, `${bytes}`)
  assert.ok(usedMs >= 2_000_000)
  assert.deepEqual(await folderSize(scratch.at("none"), systemClock(), signal), { bytes: 0, usedMs: 0 })
})

test("others have their turn while much is measured, and who stops it is heard", async () => {
  using scratch = new ScratchFolder()
  for (let i = 0; i < 20; i++) {
    scratch.write(Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`f${n}`, ""])), `many/${i}`)
  }
  const stop = new AbortController()
  let turns = 0
  const ticking = setInterval(() => {
    if (++turns === 2) stop.abort(new Error("enough"))
  }, 1)
  try {
    await assert.rejects(folderSize(scratch.at("many"), systemClock(), stop.signal), /enough/)
  } finally {
    clearInterval(ticking)
  }
})
