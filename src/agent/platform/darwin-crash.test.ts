import assert from "node:assert/strict"
import { utimesSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { lastEnd } from "./darwin-crash.ts"

const STARTED_MS = 1_790_000_000_000
const CRASHED = "reboot time    Thu Nov 26 09:14\nreboot time    Mon Nov 23 08:00\n"
const SHUT_DOWN = "reboot time    Thu Nov 26 09:14\nshutdown time    Thu Nov 26 09:12\n"
const says = (text: string) => () => Promise.resolve(text)

test("the report of a panic since then is found; an older one, and one that cannot be read, is none", async () => {
  using folder = new ScratchFolder()
  const write = (name: string, text: string, atMs: number) => {
    writeFileSync(folder.at(name), text)
    utimesSync(folder.at(name), atMs / 1000, atMs / 1000)
  }
  const ask = (last: string) => lastEnd(STARTED_MS, says(last), { folder: folder.path, waitMs: 1 })
  write("panic-full-2026-11-20-101112.0001.panic", "panic(cpu 0 caller 0xff): an older one", STARTED_MS - 1_000)
  write("JetsamEvent-2026-11-26.ips", "panic(cpu 0 caller 0xff): no panic", STARTED_MS + 9_000)
  assert.deepEqual(await ask(SHUT_DOWN), { crashed: false, what: null })
  write("panic-full-2026-11-26-091300.0002.panic", "panic(cpu 1 caller 0xff): GPU fell over", STARTED_MS + 5_000)
  write("panic-full-2026-11-26-091301.0003.panic", "\0\0\0", STARTED_MS + 6_000)
  assert.deepEqual(await ask(SHUT_DOWN), { crashed: true, what: "kernel panic: GPU fell over" })
})

test("without a report it was a crash where nobody shut the Mac down; where nobody knows, it was not", async () => {
  using folder = new ScratchFolder()
  const ask = (last: () => Promise<string>) => lastEnd(STARTED_MS, last, { folder: folder.at("not-there"), waitMs: 1 })
  const { crashed, what } = await ask(says(CRASHED))
  assert.equal(crashed, true)
  assert.match(what ?? "", /never shut down.*perhaps it lost power/)
  assert.equal((await ask(says(SHUT_DOWN))).crashed, false)
  assert.equal((await ask(says(""))).crashed, false)
  assert.equal((await ask(() => Promise.reject(new Error("no last")))).crashed, false)
})

test("a report that is written while the agent already looks is found", async () => {
  using folder = new ScratchFolder()
  const last = () => {
    setTimeout(() => writeFileSync(folder.at("a.panic"), "panic(cpu 0 caller 0xff): late"), 50)
    return Promise.resolve(CRASHED)
  }
  const { what } = await lastEnd(STARTED_MS, last, { folder: folder.path, waitMs: 60 })
  assert.equal(what, "kernel panic: late")
})
