import assert from "node:assert/strict"
import { test } from "node:test"
import { LARGE_CACHE_TOKENS, largeCache } from "../../../test/support/hive-models.ts"
import { type BegunHive, ModelScene, ready } from "../../../test/support/model-scene.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { ModelView } from "../../protocol/model-api.ts"

const GIB = 1024 ** 3
const LIMITS = { restMs: 20, planAgainMs: 5_000 }

/** Two Macs, alpha and beta: models whose names begin with L need both, others one. */
class Rivals extends AsyncDisposableStack {
  readonly clock: MovedClock
  readonly scene: ModelScene
  beta: SimulatedHost | undefined

  private constructor(clock: MovedClock, scene: ModelScene) {
    super()
    this.clock = clock
    this.scene = this.use(scene)
  }

  static async start(...names: readonly string[]): Promise<Rivals> {
    const clock = new MovedClock()
    const rivals = new Rivals(clock, await ModelScene.start({ clock, modelLimits: LIMITS }))
    await rivals.scene.join("alpha", { memoryBytes: 6 * GIB })
    rivals.beta = await rivals.scene.join("beta", { memoryBytes: 4 * GIB })
    for (const name of names) await rivals.scene.store(name, name.startsWith("L") ? largeCache() : undefined)
    return rivals
  }

  async serve(name: string, asked: Parameters<ModelScene["serve"]>[1] = {}): Promise<void> {
    const large = { contextTokens: LARGE_CACHE_TOKENS, slots: 1, trustsNetwork: true }
    await this.scene.serve(name, { ...(name.startsWith("L") ? large : {}), ...asked })
  }

  async ready(name: string): Promise<void> {
    await this.serve(name)
    await this.until(name, ({ state }) => state === "ready")
  }

  /** Somebody's job has beta. */
  async busyBeta(): Promise<JobId> {
    const { script } = this.beta!
    this.beta!.script = (host, attempt) => (attempt.order.command[0] === "sleep" ? runsOn : script)(host, attempt)
    const resources = { memoryBytes: 3 * GIB, gpus: 0, cores: 1 }
    const { id } = await this.scene.server.submit({ host: "beta", resources, command: ["sleep", "1d"] })
    await this.scene.server.untilState(id, "running")
    return id
  }

  /** Second by second, for so many of them. */
  async until(name: string, holds: (model: ModelView) => boolean, seconds = 600): Promise<ModelView> {
    let left = seconds
    return this.scene.until(name, (model) => {
      if (holds(model)) return true
      assert.ok(left-- > 0, `${name} is ${model.state} (${model.replicas[0]?.reason})`)
      this.clock.advance(1_000)
      return false
    })
  }

  /** So many seconds go by, in which all that is to be done is done. */
  async pass(seconds: number): Promise<void> {
    for (let at = 0; at < seconds; at++) {
      this.clock.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

const hostsOf = ({ replicas: [one] }: ModelView) => one?.plan?.members.map(({ hostName }) => hostName).toSorted()

test("two models that both need both Macs, asked in turns and at once: each has them for a minute, and all are answered", async () => {
  await using rivals = await Rivals.start("L1", "L2")
  const { scene } = rivals
  await rivals.ready("L1")
  await rivals.serve("L2")
  assert.equal((await rivals.until("L2", ({ state }) => state === "ready", 120)).replicas[0]?.losses, 0)
  let answers: number[] = []
  const ask = (name: string) => scene.chat(name).then(({ status }) => answers.push(status))
  for (const names of [["L1"], ["L2"], ["L1", "L2"], ["L2", "L1"]]) {
    answers = []
    for (const name of names) void ask(name)
    await rivals.until("L1", () => answers.length === names.length, 240)
    assert.deepEqual(new Set(answers), new Set([200]))
  }
  const most = [...scene.server.hosts.all.values()].map(
    ({ attempts }) => [...attempts.values()].filter(({ phase }) => phase === "running").length,
  )
  assert.deepEqual(most, [1, 1])
})

test("a model that waits for a Mac which jobs have keeps its other Mac from nobody for longer than a minute, and says what it waits for", async () => {
  await using rivals = await Rivals.start("L1", "tiny")
  const { scene } = rivals
  const job = await rivals.busyBeta()
  await rivals.serve("L1")
  const waits = await rivals.until("L1", ({ replicas: [one] }) => /waits for beta/.test(one?.reason ?? ""))
  assert.match(waits.replicas[0]?.reason ?? "", /^job \d+ waits for beta \(jobs have it\)$/)
  await rivals.serve("tiny")
  const tiny = await rivals.until("tiny", ({ state }) => state === "ready", 120)
  assert.deepEqual(hostsOf(tiny), ["alpha"])
  const says = await rivals.until("L1", ({ replicas: [one] }) => /alpha: tiny is served/.test(one?.reason ?? ""))
  assert.deepEqual([says.state, says.replicas[0]?.losses], ["waiting", 0])
  // Nobody uses it, and it stays for all that: it would be stopped for nothing.
  await rivals.pass(150)
  assert.equal((await scene.model("tiny")).state, "ready")
  await scene.server.call("POST", `/v1/jobs/${job}/stop`, { now: false })
  await rivals.until("L1", ({ state }) => state === "ready", 120)
  assert.match((await scene.model("tiny")).reason ?? "", /^it gave way to L1/)
  assert.deepEqual(scene.server.troubles, [])
})

test("a model that waits for a Mac which is lost for good lets others have its other Mac", async () => {
  await using rivals = await Rivals.start("L1", "tiny")
  await rivals.ready("L1")
  rivals.beta!.cut()
  await rivals.until("L1", ({ replicas: [one] }) => /waits for beta/.test(one?.reason ?? ""))
  await rivals.serve("tiny")
  assert.deepEqual(hostsOf(await rivals.until("tiny", ({ state }) => state === "ready", 120)), ["alpha"])
  rivals.beta!.connect()
  const asked = rivals.scene.chat("L1")
  await rivals.until("L1", ({ state }) => state === "ready", 240)
  assert.equal((await asked).status, 200)
})

test("who had a model served waits for as long as another one takes to start, and then gets its turn", async () => {
  await using rivals = await Rivals.start("L1", "L2")
  const { scene } = rivals
  let slow: BegunHive | undefined
  scene.play = (hive) => {
    if (slow === undefined) slow = hive
    else scene.say(hive, ready())
  }
  await rivals.serve("L1")
  await rivals.until("L1", () => slow !== undefined)
  await rivals.serve("L2")
  for (let minute = 0; minute < 10; minute++) {
    await rivals.pass(60)
    // Some go on for long, and say so.
    scene.say(slow!, { hive: "starting", rank: 0, step: "loading" })
  }
  assert.deepEqual([(await scene.model("L1")).state, (await scene.model("L2")).state], ["starting", "waiting"])
  scene.say(slow!, ready())
  await rivals.until("L2", ({ state }) => state === "ready", 180)
})
