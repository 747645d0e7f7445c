import assert from "node:assert/strict"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { test } from "node:test"
import { loginFile, readLogin, readSettings, removeLogin, writeLogin } from "./config.ts"
import { forgetJob, recallJob, recallJobs, rememberJob } from "./remembered.ts"

test("the login is kept in a file that only its user can read, even over one that others could", (context) => {
  const settings = temporarySettings(context)
  assert.equal(readLogin(settings), undefined)
  fs.mkdirSync(settings.configFolder, { recursive: true })
  fs.writeFileSync(loginFile(settings), "{}", { mode: 0o644 })
  assert.throws(() => readLogin(settings), /it is not a login/)
  writeLogin(settings, { url: "http://127.0.0.1:1", token: "t" })
  assert.deepEqual(readLogin(settings), { url: "http://127.0.0.1:1", token: "t" })
  assert.equal(fs.statSync(loginFile(settings)).mode & 0o777, 0o600)
  assert.equal(removeLogin(settings), true)
  assert.equal(removeLogin(settings), false)
})

test("the XDG folders are followed where they are absolute", () => {
  const settings = readSettings({ HOME: "/h", XDG_CONFIG_HOME: "/c", XDG_STATE_HOME: "relative", NO_COLOR: "" })
  assert.equal(settings.configFolder, "/c/windfall")
  assert.equal(settings.stateFolder, "/h/.local/state/windfall")
  assert.equal(settings.color, true)
  assert.equal(readSettings({ HOME: "/h", NO_COLOR: "1" }).color, false)
})

test("jobs left to run are remembered for each server, and forgotten", (context) => {
  const settings = temporarySettings(context)
  const one = { job: 7, name: "train", folder: "/p", told: false }
  assert.deepEqual(recallJobs(settings, "http://a:1"), [])
  rememberJob(settings, "http://a:1", one)
  rememberJob(settings, "http://a:1", { ...one, job: 12, name: null })
  rememberJob(settings, "http://b:1", { ...one, job: 3 })
  assert.deepEqual(
    recallJobs(settings, "http://a:1").map(({ job }) => job),
    [7, 12],
  )
  assert.deepEqual(recallJob(settings, "http://a:1", 7), one)
  forgetJob(settings, "http://a:1", 7)
  assert.equal(recallJob(settings, "http://a:1", 7), undefined)
  forgetJob(settings, "http://a:1", 7)
})

test("where nothing can be remembered, nothing is, and nothing fails", () => {
  const settings = readSettings({ HOME: "/dev/null" })
  rememberJob(settings, "http://a:1", { job: 7, name: null, folder: "/p", told: false })
  assert.equal(recallJob(settings, "http://a:1", 7), undefined)
  assert.deepEqual(recallJobs(settings, "http://a:1"), [])
  forgetJob(settings, "http://a:1", 7)
})

function temporarySettings(context: { after(done: () => void): void }) {
  const home = fs.mkdtempSync(path.join(tmpdir(), "windfall-config-"))
  context.after(() => fs.rmSync(home, { recursive: true }))
  return readSettings({ HOME: home })
}
