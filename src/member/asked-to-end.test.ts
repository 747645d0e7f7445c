import assert from "node:assert/strict"
import { EventEmitter } from "node:events"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { hearEnds } from "./asked-to-end.ts"

test("the first signal asks, the second hurries, whichever they are", () => {
  const process = new EventEmitter()
  const { asked, hurried } = hearEnds(process, undefined)
  assert.deepEqual([asked.aborted, hurried.aborted], [false, false])
  process.emit("SIGURG")
  assert.deepEqual([asked.aborted, hurried.aborted], [true, false])
  process.emit("SIGTERM")
  assert.equal(hurried.aborted, true)
})

test("who was asked while it started knows it from the file; the signal of that is no second one", () => {
  using scratch = new ScratchFolder()
  scratch.write({ stop: "23 70000 cancelled .\n" })
  const process = new EventEmitter()
  const { asked, hurried } = hearEnds(process, scratch.at("stop"))
  assert.deepEqual([asked.aborted, hurried.aborted], [true, false])
  process.emit("SIGURG")
  assert.equal(hurried.aborted, false)
  process.emit("SIGURG")
  assert.equal(hurried.aborted, true)
  assert.equal(hearEnds(new EventEmitter(), scratch.at("none")).asked.aborted, false)
})
