import assert from "node:assert/strict"
import { chmodSync, symlinkSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { explain, lookAtPlace } from "./look-at-place.ts"

test("a folder is proved by reading it, and shown as the host itself calls it", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/a": "x", "set/below/b": "y", "none/": "", file: "z" })
  symlinkSync(scratch.at("set"), scratch.at("link"))
  const look = (path: string) => lookAtPlace(path, { home: scratch.path, mayWrite: async () => false })
  const sound = { path: scratch.at("set"), entries: 2, problem: null, hint: null, writable: null }
  assert.deepEqual(await look("~/link"), sound)
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

test("what jobs' account could write is found: the folder, or something in it", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/a": "x", "set/below/deep/b": "y" })
  const look = async (writable: string) =>
    (await lookAtPlace(scratch.at("set"), { mayWrite: async (path) => path === scratch.at(writable) })).writable
  for (const path of ["set", "set/a", "set/below/deep/b"]) assert.equal(await look(path), scratch.at(path))
  assert.equal(await look("elsewhere"), null)
})

test("by the modes as they are", { skip: process.getuid?.() === 0 }, async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/below/a": "x" })
  for (const path of ["set/below/a", "set/below", "set"]) {
    assert.notEqual((await lookAtPlace(scratch.at("set"))).writable, null)
    chmodSync(scratch.at(path), path.endsWith("a") ? 0o444 : 0o555)
  }
  assert.equal((await lookAtPlace(scratch.at("set"))).writable, null)
  for (const path of ["set", "set/below"]) chmodSync(scratch.at(path), 0o755)
})

test("the disk, a home as a whole, and what is or holds Windfall's own folder are refused", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "home/.windfall/servers/x": "", "home/set/a": "x" })
  const problemOf = async (path: string) => (await lookAtPlace(path, { home: scratch.at("home") })).problem
  assert.equal(await problemOf("/"), "it is the whole disk")
  assert.match((await problemOf("~")) ?? "", /whole home folder/)
  for (const below of ["home/.windfall", "home/.windfall/servers"])
    assert.match((await problemOf(scratch.at(below))) ?? "", /part of what Windfall keeps there itself/)
  assert.match((await problemOf(scratch.path)) ?? "", /Windfall's own folder lies in it/)
  assert.equal(await problemOf("~/set"), null)
})
