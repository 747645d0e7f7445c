import assert from "node:assert/strict"
import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { llamaCppAdapter } from "../hive/engines/llama-cpp-adapter.ts"
import { mlxAdapter } from "../hive/engines/mlx-adapter.ts"
import { findEngine } from "./find-engine.ts"
import { KeptAnswers } from "./kept-answers.ts"

const DAY_MS = 24 * 3_600_000

/** An engine that notes each question. */
function scene(scratch: ScratchFolder, version = "1.0") {
  const program = `#!/bin/sh\necho "$1" >> "${scratch.at("asked")}"\necho "version: ${version}"\necho "--rpc SERVERS"\n`
  scratch.write({
    "tool/bin/llama-server": program,
    "tool/bin/rpc-server": program,
    "tool/lib/libggml.so": "1",
    asked: "",
  })
  for (const name of ["llama-server", "rpc-server"]) chmodSync(scratch.at("tool/bin", name), 0o755)
  const environment: Record<string, string> = { HOME: scratch.write({}, "home"), PATH: "" }
  let now = 1_000_000
  const find = async () => {
    writeFileSync(scratch.at("asked"), "")
    const kept = KeptAnswers.of(llamaCppAdapter, environment, () => now)
    const folder = scratch.at("tool")
    const { signal } = new AbortController()
    const found = await findEngine(llamaCppAdapter, folder, 0, { ...environment, PATH: "/usr/bin:/bin" }, signal, kept)
    return { ...found, asked: readFileSync(scratch.at("asked"), "utf8").split("\n").length - 1 }
  }
  const later = (ms: number) => {
    now += ms
  }
  return { find, later, environment, kept: () => KeptAnswers.of(llamaCppAdapter, environment, () => now) }
}

test("an engine is asked once, and says the same again", async () => {
  using scratch = new ScratchFolder()
  const { find } = scene(scratch)
  const first = await find()
  assert.equal(first.asked, 3)
  const second = await find()
  assert.deepEqual(second, { ...first, asked: 0 })
})

test("another program, another library, another variable, another day, a loss: it is asked again", async () => {
  using scratch = new ScratchFolder()
  const { find, later, environment, kept } = scene(scratch)
  await find()
  const changes: readonly (() => unknown)[] = [
    () => {
      // As an installer puts a file, of the same size and name.
      writeFileSync(scratch.at("new"), readFileSync(scratch.at("tool/bin/llama-server"), "utf8").replace("1.0", "1.1"))
      chmodSync(scratch.at("new"), 0o755)
      renameSync(scratch.at("new"), scratch.at("tool/bin/llama-server"))
    },
    () => scratch.write({ "tool/lib/libggml.so": "2" }),
    () => scratch.write({ "tool/lib/libggml-metal.so": "" }),
    () => {
      environment.GGML_METAL_DEVICES = "1"
    },
    () => later(DAY_MS),
    () => later(-1),
    () => kept()?.forget(),
    () => scratch.write({ "home/.cache/windfall-hive/llama.cpp.said": '{"key": 1' }),
  ]
  for (const [at, change] of changes.entries()) {
    await change()
    assert.equal((await find()).asked, 3, `change ${at}`)
    assert.equal((await find()).asked, 0, `after change ${at}`)
  }
  assert.equal((await find()).version, "1.1")
})

test("nothing is kept without a HOME, nor of an engine whose parts lie elsewhere", () => {
  const now = () => 0
  for (const HOME of ["", "relative"]) assert.equal(KeptAnswers.of(llamaCppAdapter, { HOME }, now), null)
  assert.equal(KeptAnswers.of(mlxAdapter, { HOME: "/home/ada" }, now), null)
})
