import assert from "node:assert/strict"
import { existsSync, statSync, symlinkSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { makeFolder, makePrivateFolder } from "./make-folder.ts"

const hint = "Name another"

test("makeFolder() makes what is missing, also behind a link, and says what was the first of it", () => {
  using scratch = new ScratchFolder()
  assert.equal(makePrivateFolder(scratch.at("a/b"), hint), scratch.at("a"))
  assert.equal(statSync(scratch.at("a/b")).mode & 0o777, 0o700)
  assert.equal(makeFolder(scratch.at("a/b"), { hint }), undefined)
  symlinkSync("a", scratch.at("link"))
  assert.equal(makeFolder(scratch.at("link/c"), { hint }), scratch.at("link/c"))
})

test("makeFolder() refuses where there can be no folder, and makes nothing", () => {
  using scratch = new ScratchFolder()
  scratch.write({ file: "" })
  symlinkSync("nowhere", scratch.at("dangling"))
  symlinkSync("circle", scratch.at("circle"))
  const cases: [folder: string, reason: RegExp][] = [
    [scratch.at("file"), /: it is no folder$/],
    [scratch.at("file/x"), /file is no folder$/],
    [scratch.at("dangling"), /dangling is a link to what is not there$/],
    [scratch.at("dangling/x"), /dangling is a link to what is not there$/],
    [scratch.at("circle/x"), /leads back to itself$/],
    [scratch.at("x".repeat(300)), /too long for this system$/],
  ]
  if (existsSync("/proc/self")) cases.push(["/proc/windfall/x", /no folder can be made in \/proc$/])
  for (const [folder, reason] of cases) {
    assert.throws(() => makeFolder(folder, { doing: "go there", hint }), {
      code: "invalid_input",
      message: reason,
      hint,
    })
  }
  assert.equal(existsSync(scratch.at("nowhere")), false)
})
