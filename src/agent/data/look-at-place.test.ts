import assert from "node:assert/strict"
import { chmodSync, symlinkSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { explain, lookAtPlace } from "./look-at-place.ts"

test("a folder is proved by reading it, and shown as the host itself calls it", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/a": "x", "set/below/b": "y", "none/": "", file: "z" })
  symlinkSync(scratch.at("set"), scratch.at("link"))
  const look = (path: string) => lookAtPlace(path, { home: scratch.path })
  assert.deepEqual(await look("~/link"), { path: scratch.at("set"), entries: 2, problem: null, hint: null })
  const problems = await Promise.all(["nowhere", "none", "file", "file/below"].map((name) => look(scratch.at(name))))
  assert.deepEqual(
    problems.map(({ problem }) => problem),
    ["there is no such folder", "it is empty", "it is a file", "there is no such folder"],
  )
})

test("a file that may not be read says so, though its folder may", { skip: process.getuid?.() === 0 }, async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/a": "x" })
  chmodSync(scratch.at("set/a"), 0)
  const { problem, hint } = await lookAtPlace(scratch.at("set"))
  assert.match(problem ?? "", /the account that jobs run as may not read it/)
  assert.match(hint ?? "", /Let that account read it/)
})

test("what macOS keeps from ssh is told from what modes keep, with what to switch on", () => {
  const mac = (path: string, code: string) => explain(path, code, "/Users/jobs", "darwin")
  const privacy = mac("/Volumes/lab/corpus", "EPERM")
  assert.match(privacy.problem, /macOS keeps this volume from whoever comes over ssh/)
  assert.match(privacy.hint ?? "", /Sharing > Remote Login \(i\) > Allow full disk access for remote users/)
  assert.match(mac("/Users/jobs/Documents/x", "EPERM").problem, /macOS keeps this folder/)
  assert.match(mac("/Volumes/lab/corpus", "EACCES").problem, /the account that jobs run as may not read it/)
  assert.match(mac("/Volumes/lab/corpus", "ENOENT").hint ?? "", /mounted there/)
  assert.equal(mac("/data/corpus", "ENOENT").hint, null)
  assert.match(explain("/mnt/x", "EPERM", "/home/jobs", "linux").problem, /the account that jobs run as/)
})
