import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { test } from "node:test"
import { askControl, openControl } from "../lab/control.ts"
import { obey } from "../lab/obey.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

test("a second lab is refused while the first lives, whose socket stays; what is not understood is no success", async () => {
  using scratch = new ScratchFolder()
  const path = scratch.at("lab.sock")
  assert.equal(await askControl(path, ["wake", "1"]), null)
  {
    await using _first = await openControl(path, (words) => obey([], words))
    await assert.rejects(
      openControl(path, async () => "second"),
      /running here already/,
    )
    assert.deepEqual(await askControl(path, ["owner", "anna", "returns"]), {
      done: false,
      text: "There is no host anna: ",
    })
  }
  assert.equal(existsSync(path), false)
})

test("the socket that a killed lab has left is taken over", async () => {
  using scratch = new ScratchFolder()
  const path = scratch.at("lab.sock")
  const killed = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`
  spawnSync(process.execPath, ["-e", killed])
  assert.equal(existsSync(path), true)
  await using _next = await openControl(path, async ([word]) => `${word} done`)
  assert.deepEqual(await askControl(path, ["cut", "1"]), { done: true, text: "cut done" })
})
