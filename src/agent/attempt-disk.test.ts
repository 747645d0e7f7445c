import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { AgentHome, eventually } from "../../test/support/agent-home.ts"
import { hostFolder } from "./host-folder.ts"

const MIB = 1024 * 1024

/** A home whose Windfall folder lies on a disk of 24 MiB of its own. Only root may mount one. */
async function withSmallDisk(run: (home: AgentHome) => Promise<void>): Promise<void> {
  const home = new AgentHome()
  mkdirSync(home.root)
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", home.root])
  try {
    await run(home)
  } finally {
    await home.endProcesses()
    execFileSync("umount", ["-l", home.root])
    await home[Symbol.asyncDispose]()
  }
}

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false
  try {
    mkdirSync("/tmp/windfall-can-mount", { recursive: true })
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", "/tmp/windfall-can-mount"], { stdio: "ignore" })
    execFileSync("umount", ["/tmp/windfall-can-mount"])
    return true
  } catch {
    return false
  } finally {
    rmSync("/tmp/windfall-can-mount", { recursive: true, force: true })
  }
}

const skip = canMount() ? false : "a small disk of its own needs root and mount"

test("a job that fills the disk ends with its own exit, durably, and its output so far", { skip }, async () => {
  await withSmallDisk(async (home) => {
    const agent = await home.start()
    agent.startAttempt(1, ["sh", "-c", "head -c 60000000 /dev/zero > big; echo code $?; exit 3"])
    const { exited } = await agent.ended(1)
    assert.equal(exited.exit.cause, "exited")
    assert.ok(existsSync(home.attempt(1, "status")))
    // The disk is full now: the next one cannot start, and that is said.
    agent.startAttempt(2, ["true"])
    await agent.until(
      () => agent.messages.some((message) => "sequence" in message && message.sequence === 2),
      "word of the second",
    )
    const second = agent.messages.find(
      (message) => message.type === "refused" || (message.type === "exited" && message.sequence === 2),
    )
    if (second?.type === "refused") assert.equal(second.cause, "disk_full")
    // Room again, when the first is forgotten.
    agent.send({ type: "forget", attempt: exited.attempt, sequence: 1 })
    await agent.next("forgotten", 1)
    agent.startAttempt(3, ["true"])
    assert.equal((await agent.ended(3)).exited.exit.exitCode, 0)
  })
})

test("on a full disk a running job can still be stopped, and its end is on the disk", { skip }, async () => {
  await withSmallDisk(async (home) => {
    const agent = await home.start()
    const { attempt } = agent.startAttempt(1, ["sleep", "60"])
    await agent.next("started", 1)
    assert.throws(() => writeFileSync(`${home.root}/filler`, Buffer.alloc(40 * MIB)), { code: "ENOSPC" })
    agent.send({ type: "stop", attempt, sequence: 1, cause: "cancelled", signal: "SIGTERM", graceMs: 1_000 })
    assert.equal((await agent.ended(1)).exited.exit.cause, "cancelled")
    assert.ok(existsSync(home.attempt(1, "status")))
  })
})

test("an attempt that finds no room to start in is refused with disk_full, in words", { skip }, async () => {
  await withSmallDisk(async (home) => {
    const agent = await home.start()
    assert.throws(() => writeFileSync(`${home.root}/filler`, Buffer.alloc(40 * MIB)), { code: "ENOSPC" })
    agent.startAttempt(1, ["true"])
    const refused = await agent.next("refused", 1)
    assert.equal(refused.cause, "disk_full")
    assert.match(refused.message, /No space left on device/)
    const { holder } = hostFolder(home.root, home.server)
    assert.ok(!existsSync(holder), "there was no room to note whose the host is")
    rmSync(`${home.root}/filler`)
    agent.startAttempt(2, ["true"])
    await agent.ended(2)
    await eventually(() => {
      agent.session.ping(() => {})
      return existsSync(holder)
    }, "a note, now that there is room")
  })
})
