import assert from "node:assert/strict"
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { makeId, type RunId } from "../protocol/ids.ts"
import { instanceAt, isProved, placeOf } from "./place.ts"

const run = makeId<RunId>("r", new Uint8Array(16))

test("a copy has another place; a backup put back, and another name for the folder, have the same", () => {
  using scratch = new ScratchFolder()
  const [data, backup] = [scratch.at("data"), scratch.at("backup")]
  mkdirSync(data)
  const before = placeOf(data)
  cpSync(data, backup, { recursive: true })
  assert.notEqual(placeOf(backup).place, before.place)
  rmSync(data, { recursive: true })
  renameSync(backup, data)
  symlinkSync(data, scratch.at("link"))
  assert.deepEqual(placeOf(data), before)
  assert.deepEqual(placeOf(scratch.at("link")), before)
  assert.match(before.where, /^\S+:\/.*\/data$/)
})

test("only what was said with the server's secret is proved", () => {
  const instance = { ...instanceAt({ place: "0".repeat(32), where: "a:/b" }, run, "secret") }
  assert.ok(isProved(instance, "secret"))
  assert.ok(!isProved(instance, "another"))
  assert.ok(!isProved({ ...instance, place: "1".repeat(32) }, "secret"))
  assert.ok(!isProved({ ...instance, proof: undefined }, "secret"))
  assert.ok(!isProved({}, "secret"))
})
