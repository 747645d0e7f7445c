import assert from "node:assert/strict"
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { OwnerFolder } from "./owner-folder.ts"

const ROOT = process.getuid?.() === 0
const [ANNA, BEN] = [5001, 5002]

describe("a folder for the owner", () => {
  it("is not made where others rule, nor through a link", () => {
    using scratch = new ScratchFolder()
    const open = (path: string) => new OwnerFolder(path, "/opt/windfall", () => null)
    assert.equal(open(scratch.at("no", "Windfall")).hasPlace, false)
    assert.match(open(scratch.at("no", "Windfall")).keep() ?? "", /is not there/)
    mkdirSync(scratch.at("open"))
    chmodSync(scratch.at("open"), 0o777)
    assert.match(open(scratch.at("open", "Windfall")).keep() ?? "", /may be changed by everybody/)
    mkdirSync(scratch.at("own"))
    symlinkSync(scratch.at("own"), scratch.at("link"))
    assert.match(open(scratch.at("link", "Windfall")).keep() ?? "", /is a link/)
    if (!ROOT) return
    mkdirSync(scratch.at("own", "Bens"))
    chownSync(scratch.at("own", "Bens"), BEN, BEN)
    assert.match(open(scratch.at("own", "Bens")).keep() ?? "", /belongs to account 5002/)
  })

  it("moves away what a job has put in its place, and never follows it", () => {
    using scratch = new ScratchFolder()
    const path = scratch.at("Windfall")
    const folder = new OwnerFolder(path, "/opt/windfall", () => null)
    mkdirSync(scratch.at("else"))
    assert.equal(folder.keep(), null)
    folder.write("Now.txt", "no job")
    assert.ok(folder.isWhole)
    for (let count = 1; count <= 12; count++) {
      rmSync(path, { recursive: true })
      assert.ok(!folder.isWhole)
      if (count % 2 === 0) symlinkSync(scratch.at("else"), path)
      else writeFileSync(path, "")
      assert.equal(folder.keep(), null)
      assert.ok(folder.isWhole)
      assert.equal(readFileSync(join(path, "Now.txt"), "utf8"), "no job")
    }
    rmSync(folder.requests, { recursive: true })
    symlinkSync(scratch.at("else"), folder.requests)
    assert.equal(folder.keep(), null)
    assert.ok(lstatSync(folder.requests).isDirectory())
    assert.deepEqual(readdirSync(scratch.at("else")), [])
    assert.equal(readdirSync(scratch.path).filter((name) => name.startsWith("Windfall (moved")).length, 9)
    for (const change of [
      () => rmSync(join(path, "Pause 2 hours.command")),
      () => writeFileSync(join(path, "Pause 2 hours.command"), "#!/bin/sh\n"),
      () => chmodSync(folder.requests, 0o755),
    ]) {
      change()
      assert.ok(!folder.isWhole)
      assert.equal(folder.keep(), null)
      assert.ok(folder.isWhole)
    }
    assert.deepEqual(folder.takeReplaced(), ["Pause 2 hours.command"], "that one was replaced is not kept secret")
    assert.deepEqual(folder.takeReplaced(), [])
  })

  it("leaves alone what its owner has put there", { skip: ROOT ? false : "only root can write as others" }, () => {
    using scratch = new ScratchFolder()
    mkdirSync(scratch.at("Windfall"))
    chownSync(scratch.at("Windfall"), ANNA, ANNA)
    chmodSync(scratch.at("Windfall"), 0o1777)
    writeFileSync(scratch.at("Windfall", "Not today.command"), "hers")
    chownSync(scratch.at("Windfall", "Not today.command"), ANNA, ANNA)
    const folder = new OwnerFolder(scratch.at("Windfall"), "/opt/windfall", () => ANNA)
    assert.equal(folder.keep(), null)
    assert.equal(readFileSync(scratch.at("Windfall", "Not today.command"), "utf8"), "hers")
    folder.write("Now.txt", "no job")
    folder.write("Last 30 days.txt", "none")
    writeFileSync(scratch.at("Windfall", ".requests", "x.request"), "")
    assert.equal(folder.remove(), null)
    assert.deepEqual(readdirSync(scratch.at("Windfall")), ["Not today.command"])
  })
})
