import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { eventually } from "../../../test/support/agent-home.ts"
import { isStopped, OwnerScene } from "../../../test/support/owner-scene.ts"
import { SUSPENDED_FILE } from "./suspension.ts"

const MIB = 1024 * 1024
const RULES = { resume_after_idle: "10m", vacate_after: "10m" }
/** Takes all the room there is, whenever there is some. */
const FLOOD = ["sh", "-c", "while :; do head -c 1000000 /dev/zero >>flood 2>/dev/null; sleep 0.01; done"]

const skip = process.getuid?.() === 0 ? false : "a small disk of its own needs root and mount"

/** A scene whose Windfall folder lies on a disk of 24 MiB of its own. */
async function onSmallDisk(run: (scene: OwnerScene) => Promise<void>): Promise<void> {
  const scene = new OwnerScene()
  const { home } = scene
  mkdirSync(home.root)
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", home.root])
  try {
    await run(scene)
  } finally {
    await home.endProcesses()
    execFileSync("umount", ["-l", home.root])
    await home[Symbol.asyncDispose]()
  }
}

test("a job that fills the disk is stopped all the same, and that is written down as soon as there is room", {
  skip,
}, async () => {
  await onSmallDisk(async (scene) => {
    const { home, mac } = scene
    await scene.connect(RULES)
    await scene.told(null)
    scene.agent.startAttempt(1, FLOOD)
    await scene.agent.next("started", 1)
    // What is kept for this has gone, too.
    rmSync(home.ballast, { force: true })
    assert.throws(() => writeFileSync(home.at("windfall", "filler"), Buffer.alloc(40 * MIB)), { code: "ENOSPC" })
    mac.returns()
    await scene.agent.next("suspended", 1)
    assert.deepEqual(scene.states, ["T"])
    const note = home.attempt(1, SUSPENDED_FILE)
    assert.ok(!existsSync(note))
    assert.match((await scene.agent.next("notice", 1)).message, /Cannot write down since when it is stopped/)
    rmSync(home.at("windfall", "filler"))
    await eventually(() => existsSync(note), "the note")
    await scene.agent.kill()
    await scene.connect({ ...RULES, resume_after_idle: "1s" })
    assert.notEqual(scene.agent.hello.attempts[0]?.suspendedAt, undefined)
    await scene.agent.next("continued", 1)
    await eventually(() => !scene.tree.some(isStopped), "all of it going on")
  })
})

test("on a full disk the note takes the room that is kept for it", { skip }, async () => {
  await onSmallDisk(async (scene) => {
    const { home, mac } = scene
    await scene.connect(RULES)
    await scene.told(null)
    scene.agent.startAttempt(1, ["sleep", "1000"])
    await scene.agent.next("started", 1)
    await eventually(() => existsSync(home.ballast), "room that is kept")
    assert.throws(() => writeFileSync(home.at("windfall", "filler"), Buffer.alloc(40 * MIB)), { code: "ENOSPC" })
    mac.returns()
    await scene.agent.next("suspended", 1)
    assert.ok(existsSync(home.attempt(1, SUSPENDED_FILE)))
    assert.ok(!existsSync(home.ballast))
  })
})
