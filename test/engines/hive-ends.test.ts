/** How a hive of real engines ends where nobody answers any more, or nobody is left to end it: soon, and whole. */
import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { eventually } from "../support/agent-home.ts"
import { complete, HiveScene, type HiveSetup, signal } from "../support/hive-scene.ts"
import { findLlamaCpp } from "../support/llama-cpp.ts"

const llama = await findLlamaCpp()
const engineFolder = "folder" in llama ? llama.folder : ""
const skip = "lacking" in llama && llama.lacking
/** Longer than a test may take. */
const NEVER_MS = 600_000

function twoMembers(setup: Partial<HiveSetup> = {}): Promise<HiveScene> {
  return HiveScene.set({ engineFolder, layers: [2, 2], ...setup })
}

describe("a hive that ends", { skip, timeout: 120_000 }, () => {
  it("waits neither for a member that says nothing any more, nor for an answer that is under way when it is lost", async () => {
    const limits = { silentMs: 1_500, graceMs: NEVER_MS, killMs: NEVER_MS }
    const sizes = { model: { contextTokens: 65_536 }, changes: { contextTokens: 65_536, slots: 1 } }
    await using scene = await twoMembers({ limits, ...sizes })
    const head = scene.start(0)
    // Or it would end itself.
    const other = scene.start(1, {}, { limits: { ...scene.order.limits, silentMs: NEVER_MS } })
    const { port } = await head.says("ready")
    const stream = await complete(port, { prompt: "on and on", max_tokens: 60_000, ignore_eos: true, stream: true })
    const told = stream.text().catch(() => "cut")
    other.child.kill("SIGSTOP")
    const lost = await head.says("lost")
    assert.deepEqual([lost.member, lost.code], [1, "member_lost"])
    assert.equal((await head.ended).exitCode, 75)
    assert.doesNotMatch(await told, /\[DONE\]/)
    other.child.kill("SIGCONT")
    assert.equal((await other.ended).exitCode, 75)
    assert.deepEqual(scene.alive(), [])
  })

  it("has guardians for its engines also after somebody has killed these: a member that is killed then leaves nothing", async () => {
    await using scene = await twoMembers()
    const [head, other] = scene.startAll()
    await head!.says("ready")
    const guardians = () => scene.alive().filter(({ command }) => command.includes("windfall-guardian"))
    const before = guardians().map(({ pid }) => pid)
    assert.ok(before.length >= 3, `${before.length} guardians`)
    for (const pid of before) signal(pid, "SIGKILL")
    await eventually(() => {
      const now = guardians()
      return now.length === before.length && now.every(({ pid }) => !before.includes(pid))
    }, "each engine has another guardian")
    head!.child.kill("SIGKILL")
    await Promise.all([head!.ended, other!.ended])
    await eventually(() => scene.alive().length === 0, "nothing is alive")
  })
})
