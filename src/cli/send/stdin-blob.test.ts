import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { Child } from "../../../test/support/child.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { systemClock } from "../../base/clock.ts"
import type { Cli } from "../cli.ts"
import { readSettings } from "../config.ts"
import { FileOutput } from "../output.ts"
import { takeStdin } from "./stdin-blob.ts"

function cliIn(scratch: ScratchFolder): Cli {
  const settings = readSettings({ HOME: scratch.path })
  const some: Partial<Cli> = {
    settings,
    cwd: scratch.path,
    clock: systemClock(),
    stderr: new FileOutput(2),
    isInteractive: false,
  }
  return some as Cli
}

test("what comes through a pipe is taken up to a bound, and nothing is left of what is refused", async () => {
  using scratch = new ScratchFolder()
  const cli = cliIn(scratch)
  const copies = () => readdirSync(`${cli.settings.cacheFolder}/stdin`)
  execFileSync("mkfifo", [scratch.at("pipe")])
  const options = { quiet: true, maxStreamBytes: 100_000 }
  {
    await using _ = new Child("/bin/sh", ["-c", 'yes > "$0"', scratch.at("pipe")])
    await assert.rejects(takeStdin(cli, "pipe", options), {
      code: "too_large",
      message: "Cannot send standard input: it has more than 98 KB, and no end in sight",
    })
    assert.deepEqual(copies(), [])
  }
  scratch.write({ file: "x".repeat(200_000) })
  using taken = await takeStdin(cli, "file", options)
  assert.equal(readFileSync(`${cli.settings.cacheFolder}/stdin/${copies()[0]}`).length, 200_000)
  assert.equal(taken.blob.bytes, 200_000)
})

test("where standard input cannot be kept the place is named", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ ".cache": "", file: "x" })
  await assert.rejects(takeStdin(cliIn(scratch), "file", { quiet: true }), {
    code: "invalid_input",
    message: /^Cannot keep a copy of standard input in .*\/\.cache\/windfall\/stdin: .*\/\.cache is no folder/,
    hint: /XDG_CACHE_HOME/,
  })
})
