import assert from "node:assert/strict"
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
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
    symlinkSync("/tmp", scratch.at("own", "Windfall"))
    assert.match(open(scratch.at("own", "Windfall")).keep() ?? "", /is a link/)
    assert.deepEqual(readdirSync(scratch.at("own")), ["Windfall"])
    if (!ROOT) return
    mkdirSync(scratch.at("own", "Bens"))
    chownSync(scratch.at("own", "Bens"), BEN, BEN)
    assert.match(open(scratch.at("own", "Bens")).keep() ?? "", /belongs to account 5002/)
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
