/** A model split by the real llama.cpp over two hosts is stopped, removed, served twice, or loses its server, while its hive starts: it is over soon, and nothing of it is left. */
import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { eventually } from "../support/agent-home.ts"
import { findLlamaCpp } from "../support/llama-cpp.ts"
import { SplitScene } from "../support/split-scene.ts"

const llama = await findLlamaCpp()
const skip = "lacking" in llama && llama.lacking
const DRAIN_MS = 1_000
/** A stop takes a drain and the engine's own end; the grace of its job is ten times as long. */
const SOON_MS = 25_000

describe("starts of a split that come to nothing", { skip, timeout: 300_000 }, () => {
  let scene: SplitScene
  before(async () => {
    scene = await SplitScene.start(llama, { drainMs: DRAIN_MS })
    const served = await scene.serve()
    assert.equal(served.exitCode, 0, served.stderr)
  })
  after(() => scene[Symbol.asyncDispose]())

  const stop = async () => {
    const beganMs = performance.now()
    await scene.pool.api("POST", "/v1/hives/tiny/stop", {})
    await scene.untilModel(({ state }) => state === "stopped", "stopped")
    assert.ok(performance.now() - beganMs < SOON_MS, "it is over soon")
    await eventually(() => scene.processes().length === 0, "nothing is left")
  }
  const begin = () => scene.pool.api("POST", "/v1/hives/tiny/serve", {})
  /** Until its start is that far: `null` for at once, else what its reason says. */
  const untilPhase = async (phase: RegExp | null) => {
    if (phase === null) return
    await eventually(async () => {
      const [replica] = (await scene.model()).replicas
      return replica?.state === "ready" || phase.test(replica?.reason ?? "")
    }, String(phase))
  }
  const PHASES: readonly (RegExp | null)[] = [
    null,
    /its program starts/,
    /find each other/,
    /engines of its members start/,
    /engine loads the model/,
  ]

  it("a stop in each of its phases", async () => {
    await stop()
    for (const phase of PHASES) {
      await begin()
      await untilPhase(phase)
      await stop()
    }
  })

  it("a server that is killed in each of its phases, and stops it when it is back", async () => {
    for (const phase of PHASES) {
      await begin()
      await untilPhase(phase)
      await scene.pool.server.kill9()
      await scene.pool.server.start()
      await stop()
    }
  })

  it("serve twice at once is one hive; one that runs is not removed", async () => {
    const served = await Promise.all([scene.serve(), scene.serve()])
    for (const { exitCode, stderr } of served) assert.equal(exitCode, 0, stderr)
    assert.equal(scene.processes().filter(({ command }) => command.includes("member.mjs")).length, 2)
    const removed = await scene.pool.windfall(["model", "rm", "tiny"])
    assert.equal(removed.exitCode, 2)
    assert.match(removed.stderr, /it is served[\s\S]*model stop tiny/)
  })

  it("a stream that never ends is cut after the drain, and told why", async () => {
    const stream = await scene.ask({ stream: true, max_tokens: 90_000, ignore_eos: true })
    const reader = stream.body!.getReader()
    await reader.read()
    const stopping = stop()
    let text = ""
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += Buffer.from(part.value)
    assert.match(text, /tiny was stopped before its answer was complete/)
    assert.doesNotMatch(text, /\[DONE\]/)
    await stopping
    assert.equal((await scene.pool.windfall(["model", "rm", "tiny"])).exitCode, 0)
  })
})
