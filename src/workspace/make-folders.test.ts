import assert from "node:assert/strict"
import { existsSync, readlinkSync, statSync, symlinkSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { makeFolders } from "./make-folders.ts"

test("makeFolders() makes what is missing, takes what is there, and names what cannot be", () => {
  using scratch = new ScratchFolder()
  makeFolders(scratch.at("a/b/c"), 0o700)
  assert.equal(statSync(scratch.at("a/b")).mode & 0o777, 0o700)
  makeFolders(scratch.at("a/b/c"), 0o755)
  assert.equal(statSync(scratch.at("a/b/c")).mode & 0o777, 0o700)
  symlinkSync("a", scratch.at("link"))
  makeFolders(scratch.at("link/b/d"), 0o700)
  assert.equal(readlinkSync(scratch.at("link")), "a")
  scratch.write({ file: "" })
  assert.throws(() => makeFolders(scratch.at("file"), 0o700), { code: "EEXIST" })
  assert.throws(() => makeFolders(scratch.at("file/below"), 0o700), { code: "ENOTDIR" })
})

test("where no folder can ever be made it is said so, and not tried for ever", { skip: !existsSync("/proc/1") }, () => {
  assert.throws(() => makeFolders("/proc/1/a/b", 0o700), { code: "ENOENT" })
})
