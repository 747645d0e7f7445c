import assert from "node:assert/strict"
import { existsSync, mkdirSync } from "node:fs"
import { test } from "node:test"
import { makeServerId } from "../../test/support/agent-orders.ts"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { Forker, type RunRequest } from "./forker.ts"
import { hostFolder, makeHostFolder } from "./host-folder.ts"
import { currentPlatform } from "./platform/current.ts"

test("a voided request makes no folder, so that what is put again for it is the only one that can run", async () => {
  using scratch = new ScratchFolder()
  const folder = hostFolder(scratch.at("root"), makeServerId())
  mkdirSync(scratch.at("root"), { recursive: true })
  makeHostFolder(folder)
  const said: string[] = []
  const second = Promise.withResolvers<void>()
  const forker = new Forker({
    folder,
    platform: currentPlatform(),
    clockOffsetMs: 0,
    token: "07",
    onLines: (lines) => {
      for (const { kind, sequence } of lines) {
        said.push(`${kind} ${sequence}`)
        if (kind === "ended" && sequence === 2) second.resolve()
      }
    },
    onRestart: () => {},
  })
  await forker.open()
  try {
    const request = (sequence: number): RunRequest => ({
      sequence,
      attempt: `a${sequence}`,
      job: sequence,
      folder: `${folder.attempts}/${sequence}`,
      inode: null,
      order: "{}",
      secrets: "",
      uptimeMs: 0,
      stdinPath: "/dev/null",
      workingFolder: `${folder.attempts}/${sequence}/work`,
      graceMs: 1_000,
      terminal: false,
      command: ["true"],
      environment: ["PATH=/usr/bin:/bin"],
    })
    process.kill(forker.pid!, "SIGSTOP")
    forker.run(request(1))
    forker.voidRequests()
    forker.run(request(2))
    process.kill(forker.pid!, "SIGCONT")
    await second.promise
    assert.deepEqual(
      said.filter((line) => line !== "died 1"),
      ["started 2", "ended 2"],
    )
    assert.equal(existsSync(`${folder.attempts}/1`), false)
  } finally {
    forker.close()
  }
})
