import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { describe, it } from "node:test"
import { eventually, isThere } from "../../../test/support/agent-home.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { CommandShell } from "./command-shell.ts"

const LONG_MS = 20_000

describe("CommandShell", () => {
  it("answers each command with what it printed, byte by byte, and its exit status", async () => {
    using shell = new CommandShell()
    const answers = await shell.run(
      ["printf 'one\\n\\n'", "printf two; exit 3 2>&1 | cat", "(exit 5)", "/no/such"],
      LONG_MS,
    )
    assert.deepEqual(answers, [
      { text: "one\n\n", status: 0 },
      { text: "two", status: 0 },
      { text: "", status: 5 },
      { text: "", status: 127 },
    ])
  })

  it("is one process for all requests, in their order, and gives them neither input nor its environment", async () => {
    using shell = new CommandShell()
    const all = await Promise.all([1, 2, 3].map((n) => shell.run([`echo ${n} $$`, "cat", 'echo "$HOME"'], LONG_MS)))
    const pid = shell.pid
    assert.deepEqual(
      all.map(([first]) => first?.text),
      [1, 2, 3].map((n) => `${n} ${pid}\n`),
    )
    for (const [, input, home] of all) assert.deepEqual([input?.text, home?.text], ["", "\n"])
  })

  it("is not taken in by output that looks like its marks", async () => {
    using shell = new CommandShell()
    const [answer] = await shell.run(["printf '\\n=0000000000000000-1 0\\n=x 0\\n'"], LONG_MS)
    assert.equal(answer?.text, "\n=0000000000000000-1 0\n=x 0\n")
  })

  it("ends what hangs with all it has started, and begins anew", async () => {
    using scratch = new ScratchFolder()
    using shell = new CommandShell()
    const pids = scratch.at("pids")
    const hanging = shell.run([`sh -c 'sleep 1000 & echo $! $$ >${pids}; wait'`], 300)
    const after = shell.run(["echo alive"], LONG_MS)
    await assert.rejects(hanging, /no answer within 300 ms/)
    assert.deepEqual(await after, [{ text: "alive\n", status: 0 }])
    const started = readFileSync(pids, "utf8").trim().split(" ").map(Number)
    for (const pid of started) await eventually(() => !isThere(pid), `the end of ${pid}`)
  })

  it("begins anew after its end, and says that there was no answer", async () => {
    using shell = new CommandShell()
    await assert.rejects(shell.run(["kill -9 $$"], LONG_MS), /ended|takes nothing/)
    assert.equal((await shell.run(["echo again"], LONG_MS))[0]?.text, "again\n")
  })
})
