/** A model split by the real llama.cpp over two hosts, and the processes that it needs there are killed: who lost it says which, where and why, and it comes back. */
import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { eventually } from "../support/agent-home.ts"
import { signal } from "../support/hive-scene.ts"
import { findLlamaCpp } from "../support/llama-cpp.ts"
import { SplitScene } from "../support/split-scene.ts"

const llama = await findLlamaCpp()
const skip = "lacking" in llama && llama.lacking

describe("a split of which a process is killed", { skip, timeout: 200_000 }, () => {
  let scene: SplitScene
  let whole: string | undefined
  before(async () => {
    scene = await SplitScene.start(llama)
    const served = await scene.serve()
    assert.equal(served.exitCode, 0, served.stderr)
    whole = await scene.answer()
  })
  after(() => scene[Symbol.asyncDispose]())

  /** On the host of that rank. */
  const kill = async (rank: number, what: RegExp): Promise<void> => {
    const found = (await scene.hostOf(rank)).processes().find(({ command }) => what.test(command))
    assert.ok(found !== undefined, String(what))
    signal(found.pid, "SIGKILL")
  }

  for (const [what, rank, program, reason] of [
    ["a member", 1, /member\.mjs/, /member 1: its program on host2 was ended by SIGKILL/],
    ["the head's member", 0, /member\.mjs/, /member 0: its program on host1 was ended by SIGKILL/],
    ["a member's supervisor", 1, /^windfall supervisor/, /member 1: its program on host2 lost its supervisor/],
  ] as const) {
    it(`${what}: says which, where and why, and comes back whole`, async () => {
      const { job } = (await scene.model()).replicas[0]!
      const before = (await scene.told()).length
      await kill(rank, program)
      await eventually(async () => (await scene.model()).replicas[0]?.job !== job, "that hive is over")
      assert.equal(await scene.answer(), whole)
      const lost = (await scene.told()).slice(before).filter((line) => line.includes("-> resting"))
      assert.equal(lost.length, 1, lost.join("\n"))
      assert.match(lost[0]!, reason)
      assert.match(await scene.show(), new RegExp(`last lost .*${reason.source}`))
    })
  }

  it("an agent: the hive goes on, and says that its host is out of contact for as long as it is", async () => {
    const { job } = (await scene.model()).replicas[0]!
    const before = (await scene.told()).length
    await kill(1, /agent\.mjs/)
    await eventually(async () => (await scene.told()).slice(before).some((line) => line.includes("-> ready")), "back")
    assert.match((await scene.told())[before] ?? "", /host2 is out of contact/)
    assert.equal((await scene.model()).replicas[0]?.job, job)
    assert.equal(await scene.answer(), whole)
  })
})
