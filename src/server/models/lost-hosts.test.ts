import assert from "node:assert/strict"
import { test } from "node:test"
import { until } from "../../../test/support/held-answers.ts"
import { LARGE_CACHE_TOKENS, largeCache } from "../../../test/support/hive-models.ts"
import { ModelScene } from "../../../test/support/model-scene.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import type { SimulatedHost } from "../../../test/support/simulated-host.ts"
import type { ModelView } from "../../protocol/model-api.ts"
import { HIVE_SILENCE_MS } from "../limits.ts"

const GIB = 1024 ** 3
const LIMITS = { restMs: 20, planAgainMs: 1_000 }

class LostHosts extends AsyncDisposableStack {
  readonly clock: MovedClock
  readonly scene: ModelScene

  private constructor(clock: MovedClock, scene: ModelScene) {
    super()
    this.clock = clock
    this.scene = this.use(scene)
  }

  static async start(): Promise<LostHosts> {
    const clock = new MovedClock()
    return new LostHosts(clock, await ModelScene.start({ clock, modelLimits: LIMITS }))
  }

  /** The model `tiny` on the only Mac there is. */
  async servesOnOne(name: string, asked: Parameters<ModelScene["serve"]>[1] = {}): Promise<SimulatedHost> {
    const host = await this.scene.join(name)
    await this.scene.store("tiny")
    await this.scene.serve("tiny", asked)
    await this.scene.untilState("tiny", "ready")
    return host
  }

  /** The model `large` over two Macs. @returns the one with the worker */
  async servesOnTwo(): Promise<SimulatedHost> {
    const { scene } = this
    await scene.join("alpha", { memoryBytes: 6 * GIB })
    const beta = await scene.join("beta", { memoryBytes: 4 * GIB })
    await scene.store("large", largeCache())
    await scene.serve("large", { contextTokens: LARGE_CACHE_TOKENS, slots: 1, trustsNetwork: true })
    await scene.untilState("large", "ready")
    return beta
  }

  /** It cannot be reached, and nothing is known of when it could. */
  async lose(host: SimulatedHost, name: string): Promise<void> {
    host.cut()
    await this.scene.until(name, ({ replicas: [one] }) => /is out of contact/.test(one?.reason ?? ""))
  }

  /** Second by second, for twenty minutes. */
  async until(name: string, holds: (model: ModelView) => boolean): Promise<ModelView> {
    let seconds = 0
    return this.scene.until(name, (model) => {
      if (holds(model)) return true
      assert.ok(seconds++ < 1_200, `${name} is ${model.state} (${model.replicas[0]?.reason})`)
      this.clock.advance(1_000)
      return false
    })
  }
}

const hostsOf = ({ replicas: [one] }: ModelView) => one?.plan?.members.map(({ hostName }) => hostName)

test("a model on one Mac that is lost for good goes to another one; who asks meanwhile is answered, and what comes back is ended", async () => {
  await using lost = await LostHosts.start()
  const { scene, clock } = lost
  const host = await lost.servesOnOne("alpha")
  await lost.lose(host, "tiny")
  await scene.join("beta")
  const asked = scene.chat("tiny")
  clock.advance(HIVE_SILENCE_MS - 1)
  await scene.server.running.core.ledger.change(() => {})
  assert.equal((await scene.model("tiny")).state, "starting")
  clock.advance(1)
  const model = await lost.until("tiny", ({ state }) => state === "ready")
  assert.deepEqual(hostsOf(model), ["beta"])
  assert.equal(model.replicas[0]?.lastLoss?.reason, "alpha was out of contact for too long")
  assert.equal((await asked).status, 200)
  const [left] = [...host.attempts.values()]
  assert.equal(left?.phase, "running")
  host.connect()
  await until(() => left?.phase === "exited")
  assert.equal(scene.hives.length, 2)
})

test("a model whose Mac is lost for good can be stopped and removed", async () => {
  await using lost = await LostHosts.start()
  const { scene } = lost
  await lost.lose(await lost.servesOnOne("alpha"), "tiny")
  await scene.server.call("POST", "/v1/hives/tiny/stop", {})
  await lost.until("tiny", ({ replicas: [one] }) => /alpha is out of contact/.test(one?.reason ?? ""))
  await lost.until("tiny", ({ state }) => state === "stopped")
  await scene.server.call("DELETE", "/v1/hives/tiny")
})

test("a Mac that is lost after an engine has ended there, and before it was swept, keeps its model from nowhere", async () => {
  await using lost = await LostHosts.start()
  const { scene } = lost
  const host = await lost.servesOnOne("alpha")
  await scene.join("beta")
  const [attempt] = [...host.attempts.values()]
  const { attempt: id, sequence } = attempt!.order
  const exit = { cause: "exited", exitCode: 75, signal: null, startedAt: 1, endedAt: 2, peakMemoryBytes: 1 } as const
  const sizes = { stdoutBytes: attempt!.text.stdout.length, stderrBytes: 0 }
  host.tell({ type: "exited", attempt: id, sequence, exit: { ...exit, message: null }, ...sizes })
  await scene.until("tiny", ({ state }) => state === "starting")
  host.cut()
  const model = await lost.until("tiny", ({ state }) => state === "ready")
  assert.deepEqual(hostsOf(model), ["beta"])
})

test("a split that lost a Mac for good says which it waits for, lets go of the others, and is whole again once another one joins", async () => {
  await using lost = await LostHosts.start()
  const { scene } = lost
  const beta = await lost.servesOnTwo()
  await lost.lose(beta, "large")
  scene.lose(scene.hives[0]!, "member_lost", "nothing was heard of member 1 (beta) for 10 s", 1)
  const waits = await lost.until("large", ({ state }) => state === "waiting")
  assert.equal(waits.replicas[0]?.lastLoss?.reason, "beta was out of contact for too long")
  const says = await lost.until("large", ({ replicas: [one] }) => /waits for/.test(one?.reason ?? ""))
  assert.match(says.replicas[0]?.reason ?? "", /^job \d+ waits for beta \(it is out of contact\)$/)
  await scene.join("gamma", { memoryBytes: 4 * GIB })
  const whole = await lost.until("large", ({ state }) => state === "ready")
  assert.deepEqual(hostsOf(whole)?.toSorted(), ["alpha", "gamma"])
  assert.equal(whole.replicas[0]?.losses, 1)
})

test("a split whose Mac was removed waits for no host that is none any more, and says what there is", async () => {
  for (const isLost of [true, false]) {
    await using lost = await LostHosts.start()
    const { scene } = lost
    const beta = await lost.servesOnTwo()
    if (isLost) {
      await lost.lose(beta, "large")
      await scene.server.call("DELETE", "/v1/hosts/beta")
    } else await (await scene.server.request("POST", "/v1/hosts/beta/leave", { now: false })).body?.cancel()
    const model = await lost.until("large", ({ replicas: [one] }) =>
      /fits nowhere \(alpha: (?!.*beta)/.test(one?.reason ?? ""),
    )
    assert.deepEqual([model.state, model.replicas[0]?.job], ["waiting", null])
    if (isLost) assert.equal(model.replicas[0]?.lastLoss?.reason, "beta was removed by admin")
    await scene.join("beta", { memoryBytes: 4 * GIB })
    await lost.until("large", ({ state }) => state === "ready")
    assert.deepEqual(scene.server.troubles, [])
  }
})

test("a model that was pinned to a Mac which was removed says so", async () => {
  await using lost = await LostHosts.start()
  const { scene } = lost
  await scene.join("beta")
  const host = await lost.servesOnOne("alpha", { pins: ["alpha"] })
  await lost.lose(host, "tiny")
  await scene.server.call("DELETE", "/v1/hosts/alpha")
  await lost.until("tiny", ({ replicas: [one] }) =>
    /\(alpha: it is no host any more, .*--any-host/.test(one?.reason ?? ""),
  )
  await scene.serve("tiny", { data: null, file: null, pins: [] })
  assert.deepEqual(hostsOf(await lost.until("tiny", ({ state }) => state === "ready")), ["beta"])
})
