import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { Cli } from "../cli.ts"
import { candidatesFor } from "./candidates.ts"
import { joinAtEquals } from "./joined-words.ts"

const NO_SERVER = {} as Cli
const offered = async (line: string) => {
  const found = await candidatesFor(NO_SERVER, line.split(" ").slice(1), new AbortController().signal)
  return found.map(({ text }) => text)
}

describe("candidatesFor()", () => {
  test("commands, and what stands behind a word that is none alone", async () => {
    assert.deepEqual(await offered("windfall se"), ["send", "secret"])
    assert.deepEqual(await offered("windfall host re"), ["resume", "rekey"])
    assert.deepEqual(await offered("windfall help ho"), ["host"])
    assert.deepEqual(await offered("windfall comple"), ["completion"])
    assert.deepEqual(await offered("windfall nonsense "), [])
  })

  test("options of the command, in every spelling it has", async () => {
    assert.deepEqual(await offered("windfall send --me"), ["--memory"])
    assert.deepEqual(await offered("windfall run --detach --no-f"), ["--no-folder"])
    assert.ok((await offered("windfall host add --")).includes("--fingerprint"))
  })

  test("values, also behind an equals sign and a short option", async () => {
    assert.deepEqual(await offered("windfall ps --state ru"), ["running"])
    assert.deepEqual(await offered("windfall ps -s ru"), ["running"])
    assert.deepEqual(await offered("windfall ps --state=susp"), ["suspended"])
    assert.deepEqual(await offered("windfall completion z"), ["zsh"])
    assert.deepEqual(await offered("windfall token create --role "), ["user", "admin"])
  })

  test("nothing of its own within another command's words", async () => {
    assert.deepEqual(await offered("windfall send -- python --"), [])
    assert.deepEqual(await offered("windfall send python --"), [])
    assert.deepEqual(await offered("windfall apply --file wind"), [])
  })
})

test("bash's three words for an option with its value are one", () => {
  assert.deepEqual(joinAtEquals(["ps", "--state", "=", "ru"]), ["ps", "--state=ru"])
  assert.deepEqual(joinAtEquals(["ps", "--state", "="]), ["ps", "--state="])
  assert.deepEqual(joinAtEquals(["send", "-e", "A", "=", "b"]), ["send", "-e", "A", "=", "b"])
})
