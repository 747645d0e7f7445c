/** Models split by the real llama.cpp over two hosts: one is lost for good and removed, another takes its place, and two models that need the same two hosts take turns. */
import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import type { ModelView } from "../../src/protocol/model-api.ts"
import type { LabHost } from "../lab/lab-host.ts"
import { findLlamaCpp } from "../support/llama-cpp.ts"
import { SplitScene } from "../support/split-scene.ts"

const llama = await findLlamaCpp()
const skip = "lacking" in llama && llama.lacking
const LIMITS = { giveWayMs: 2_000 }

const hostsOf = ({ replicas: [one] }: ModelView) => one?.plan?.members.map(({ hostName }) => hostName).toSorted()

describe("three hosts of which a model needs two", { skip, timeout: 200_000 }, () => {
  let scene: SplitScene
  let lost: LabHost
  before(async () => {
    scene = await SplitScene.start(llama, LIMITS, 3)
  })
  after(() => scene[Symbol.asyncDispose]())

  it("goes on with the third when one is lost and removed, and says which that was", async () => {
    const served = await scene.serve()
    assert.equal(served.exitCode, 0, served.stderr)
    const text = await scene.answer()
    lost = await scene.hostOf(1)
    await lost.cut()
    await scene.untilModel(
      ({ replicas: [one] }) => one?.reason?.includes(`${lost.name} is out of contact`) === true,
      "it says who is out of contact",
    )
    const removed = await scene.pool.windfall(["host", "rm", lost.name, "--forget", "--yes"])
    assert.equal(removed.exitCode, 0, removed.stderr)
    const model = await scene.untilModel(({ state }) => state === "ready", "it is back")
    const others = scene.pool.hosts.map(({ name }) => name).filter((name) => name !== lost.name)
    assert.deepEqual(hostsOf(model), others)
    assert.match(
      await scene.show(),
      new RegExp(`last lost .*${lost.name} was removed by|last lost .*\\(${lost.name}\\)`),
    )
    assert.equal(await scene.answer(), text)
  })

  it("gives both to another model that needs them, and has them back when it is asked", async () => {
    const context = String((await scene.model()).options.contextTokens)
    const line = ["model", "serve", "second", "tiny", "--context", context, "--slots", "1", "--trust-network"]
    const served = await scene.pool.windfall(line)
    assert.equal(served.exitCode, 0, served.stderr)
    const first = await scene.model()
    assert.equal(first.state, "idle")
    assert.match(first.reason ?? "", /^it gave way to second/)
    assert.ok(await scene.answer())
    for (const name of ["tiny", "second"]) {
      const stopped = await scene.pool.windfall(["model", "stop", name])
      assert.equal(stopped.exitCode, 0, stopped.stderr)
    }
    const left = scene.pool.hosts.filter((host) => host !== lost)
    const isHives = ({ command }: { command: string }) => /member\.mjs|llama-server|ggml-rpc-server/.test(command)
    assert.deepEqual(left.flatMap((host) => host.processes()).filter(isHives), [])
  })
})
