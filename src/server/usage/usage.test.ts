import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { attemptOf, resume, suspend } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { LimitsView, ShareRowView, ShareView, UsageRowView, UsageView } from "../../protocol/usage-api.ts"
import { SILENCE_MARGIN_MS } from "../limits.ts"
import { tidy } from "../retention.ts"

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const POLICY = `
accounts:
  vision: { shares: 3, users: [ann] }
  robots: { users: [bob], limits: { group: { minutes: { cpu: 600 }, running-jobs: 4 }, job: { wall-time: 2h } } }
  others: {}
default-account: others
usage: { half-life: none }
billing: { weights: { cpu: 1, gpu: 10 }, hosts: [{ chip: M3 Ultra, factor: 2 }] }
owners: { donated: 0.5 }
`

class Scene implements AsyncDisposable {
  readonly clock = new MovedClock(1_800_000_000_000)
  readonly server: TestServer
  tokens: Readonly<Record<string, string>> = {}

  constructor() {
    this.server = new TestServer({ clock: this.clock })
  }

  static async start(policy: string | null = POLICY): Promise<Scene> {
    const scene = new Scene()
    await scene.server.start()
    if (policy !== null) await scene.server.call("POST", "/v1/policy", { text: policy, dryRun: false })
    scene.tokens = { ann: await scene.server.userToken("ann"), bob: await scene.server.userToken("bob") }
    return scene
  }

  async run(user: string, host: SimulatedHost, change: Partial<JobSpec> = {}): Promise<JobId> {
    host.script = runsOn
    const { id } = await this.server.submit(change, { token: this.tokens[user]! })
    await this.server.untilState(id, "running")
    return id
  }

  /** The host says that it ran for so long. */
  async end(host: SimulatedHost, id: JobId, ranMs: number): Promise<void> {
    host.finish(attemptOf(host, id), { startedAt: 5_000, endedAt: 5_000 + ranMs })
    await this.server.untilEnded(id)
  }

  async minutes(by: string, name: string, since = 0): Promise<number | undefined> {
    const row = await this.row(by, name, since)
    return row === undefined ? undefined : row.ranS / 60
  }

  async row(by: string, name: string, since = 0): Promise<UsageRowView | undefined> {
    const { rows } = await this.server.call<UsageView>("GET", `/v1/usage?by=${by}&since=${since}`)
    return rows.find((row) => row.name === name)
  }

  async share(path: string): Promise<ShareRowView | undefined> {
    await this.settle()
    return (await this.server.call<ShareView>("GET", "/v1/share")).rows.find((row) => row.path === path)
  }

  /** A tick, as the server makes one when a period ends. */
  settle(): Promise<void> {
    this.server.running.core.ledger.wake()
    return this.server.running.core.ledger.change(() => {})
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]()
  }
}

test("two users are charged what they held by weights and prices, and what others ran on an owner's Mac is the owner's credit", async () => {
  await using scene = await Scene.start()
  const plain = await scene.server.hosts.join("alpha", { gpus: 1 })
  const own = await scene.server.hosts.join("beta", { gpus: 1, chip: "Apple M3 Ultra" }, { owner: "bob" })
  const [first, second] = [
    await scene.run("ann", plain, { host: "alpha" }),
    await scene.run("ann", own, { host: "beta" }),
  ]
  scene.clock.advance(HOUR_MS)
  await scene.end(plain, first, HOUR_MS)
  await scene.end(own, second, HOUR_MS)
  const third = await scene.run("bob", own, { host: "beta", timeLimitMs: 2 * HOUR_MS })
  scene.clock.advance(HOUR_MS)
  await scene.end(own, third, HOUR_MS)
  // A core and a GPU an hour cost 11; on the M3 Ultra twice that, of which half is bob's credit. His own Mac costs him nothing.
  assert.deepEqual(
    (await scene.server.call<UsageView>("GET", "/v1/usage?by=user")).rows.map((row) => ({
      name: row.name,
      jobs: row.jobs,
      hours: [row.ranS, row.gpuS, row.chargedS, row.ownS, row.lentS, row.donatedS].map((s) => s / 3600),
    })),
    [
      { name: "ann", jobs: 2, hours: [2, 2, 33, 0, 0, 0] },
      { name: "bob", jobs: 1, hours: [1, 1, 0, 1, 1, 11] },
    ],
  )
  assert.equal((await scene.row("host", "beta"))?.donatedS, 11 * 3600)
  assert.equal((await scene.row("account", "robots"))?.donatedS, 11 * 3600)
  assert.deepEqual(
    (await scene.server.call<UsageView>("GET", "/v1/usage?by=model")).rows.map(({ name }) => name),
    [null],
  )
  const ann = await scene.share("vision/ann")
  assert.deepEqual([ann?.usage, ann?.donated, ann?.levelFs], [33 * 3600, 0, 1])
  const bob = await scene.share("robots/bob")
  assert.deepEqual([bob?.usage, bob?.donated, bob?.levelFs, bob?.fairShare], [0, 11 * 3600, "inf", 1])
  assert.equal((await scene.share("root"))?.usage, 33 * 3600)
})

test("an end that is learned late is charged as the host says, and not what was charged meanwhile", async () => {
  await using scene = await Scene.start()
  const host = await scene.server.hosts.join("alpha")
  const id = await scene.run("ann", host)
  host.cut()
  scene.clock.advance(5 * HOUR_MS)
  assert.equal((await scene.share("vision/ann"))?.usage, 5 * 3600)
  const attempt = attemptOf(host, id)
  host.finish(attempt, { startedAt: 5_000, endedAt: 5_000 + 7 * MINUTE_MS })
  host.connect()
  await scene.server.untilEnded(id)
  assert.equal((await scene.share("vision/ann"))?.usage, 7 * 60)
  assert.equal(await scene.minutes("user", "ann"), 7)
})

test("a host can say no more than what the server knows can be", async () => {
  await using scene = await Scene.start()
  const host = await scene.server.hosts.join("alpha")
  const id = await scene.run("ann", host)
  scene.clock.advance(10 * MINUTE_MS)
  await scene.end(host, id, 1_000 * HOUR_MS)
  assert.equal(await scene.minutes("user", "ann"), 10)
})

test("of an attempt that is lost, what is charged ends when its host was heard of last", async () => {
  await using scene = await Scene.start()
  const host = await scene.server.hosts.join("alpha")
  const id = await scene.run("ann", host)
  scene.clock.advance(15 * MINUTE_MS)
  host.cut()
  await scene.server.until(id, ({ attempts }) => attempts[0]!.outOfContactSince !== null)
  scene.clock.advance(3 * HOUR_MS)
  assert.equal((await scene.share("vision/ann"))?.usage, 195 * 60)
  host.attempts.clear()
  host.connect()
  const [attempt] = (await scene.server.untilEnded(id)).attempts
  assert.equal((await scene.share("vision/ann"))?.usage, 15 * 60)
  assert.equal((attempt?.endedAt ?? 0) - (attempt?.startedAt ?? 0), 15 * MINUTE_MS, "as it is shown")
})

test("an attempt that was given up is charged what its host says when it comes back, once", async () => {
  await using scene = await Scene.start()
  const host = await scene.server.hosts.join("alpha")
  const id = await scene.run("ann", host, { retry: { limit: 1, afterSilenceMs: HOUR_MS, once: false } })
  host.cut()
  await scene.server.until(id, ({ attempts }) => attempts[0]!.outOfContactSince !== null)
  scene.clock.advance(HOUR_MS + SILENCE_MARGIN_MS)
  await scene.server.untilState(id, "queued")
  assert.equal(await scene.minutes("user", "ann"), 0)
  const attempt = attemptOf(host, id)
  host.finish(attempt, { startedAt: 5_000, endedAt: 5_000 + 40 * MINUTE_MS })
  for (const _ of [1, 2]) {
    host.connect()
    await scene.settle()
  }
  await scene.settle()
  assert.equal(await scene.minutes("user", "ann"), 40)
  assert.equal((await scene.share("vision/ann"))?.usage, 40 * 60)
})

test("a clock that is set back while a job runs charges what its host says, and nothing twice", async () => {
  await using scene = await Scene.start()
  const host = await scene.server.hosts.join("alpha")
  scene.clock.advance(HOUR_MS)
  const id = await scene.run("ann", host)
  scene.clock.advance(30 * MINUTE_MS)
  assert.equal((await scene.share("vision/ann"))?.usage, 30 * 60)
  scene.clock.advance(-50 * MINUTE_MS)
  await scene.end(host, id, 31 * MINUTE_MS)
  assert.equal(await scene.minutes("user", "ann"), 31)
  scene.clock.advance(5 * HOUR_MS)
  assert.equal((await scene.share("vision/ann"))?.usage, 31 * 60)
})

test("what a job was stopped for its owner's sake is not charged, also where the server did not see it", async () => {
  await using scene = await Scene.start()
  const host = await scene.server.hosts.join("alpha")
  const id = await scene.run("ann", host)
  scene.clock.advance(10 * MINUTE_MS)
  suspend(host, id)
  await scene.server.untilState(id, "suspended")
  scene.clock.advance(20 * MINUTE_MS)
  assert.equal((await scene.share("vision/ann"))?.usage, 10 * 60)
  resume(host, id, 20 * MINUTE_MS)
  await scene.server.untilState(id, "running")
  scene.clock.advance(5 * MINUTE_MS)
  host.cut()
  scene.clock.advance(HOUR_MS)
  const attempt = attemptOf(host, id)
  attempt.suspended = { suspendedMs: 50 * MINUTE_MS }
  host.connect()
  await scene.settle()
  scene.clock.advance(5 * MINUTE_MS)
  await scene.end(host, id, 100 * MINUTE_MS)
  const row = await scene.row("user", "ann")
  assert.deepEqual([row?.ranS, row?.stoppedS], [50 * 60, 50 * 60])
  assert.equal((await scene.share("vision/ann"))?.usage, 50 * 60)
})

test("a restart in the middle of a job, and the end of old events, change no sum", async () => {
  await using scene = await Scene.start(POLICY.replace("half-life: none", "half-life: 7d"))
  const host = await scene.server.hosts.join("alpha")
  const id = await scene.run("ann", host)
  scene.clock.advance(7 * HOUR_MS + 11_111)
  const before = await scene.share("vision/ann")
  await scene.server.stop()
  await scene.server.start()
  assert.deepEqual(await scene.share("vision/ann"), before)
  scene.clock.advance(HOUR_MS)
  host.connect()
  await scene.end(host, id, 8 * HOUR_MS)
  const { core } = scene.server.running
  const eventsOf = () =>
    core.store.events.latest({ after: 0, before: Number.MAX_SAFE_INTEGER, limit: 99, job: id }).length
  const told = eventsOf()
  scene.clock.advance(200 * 24 * HOUR_MS)
  const old = await scene.share("vision/ann")
  await tidy(core)
  assert.ok(eventsOf() < told)
  assert.equal(await scene.minutes("user", "ann"), 8 * 60)
  await scene.server.stop()
  await scene.server.start()
  assert.deepEqual(await scene.share("vision/ann"), old)
})

test("limits say what is used of each; without a policy there are none, and share and usage work all the same", async () => {
  await using scene = await Scene.start(null)
  const host = await scene.server.hosts.join("alpha")
  const limits = () => scene.server.call<LimitsView>("GET", "/v1/limits", undefined, { token: scene.tokens.bob! })
  const none = await limits()
  assert.deepEqual([none.account, none.partition, none.qos, none.limits], ["default", "apple_gpu", "normal", []])
  assert.equal((await scene.share("default/bob"))?.levelFs, "inf")
  await scene.server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  const id = await scene.run("bob", host, { timeLimitMs: 2 * HOUR_MS })
  scene.clock.advance(HOUR_MS)
  await scene.settle()
  const { account, refusal, limits: hold } = await limits()
  assert.deepEqual([account, refusal], ["robots", null])
  assert.deepEqual(
    hold.map(({ layer, name, scope, limit, resource, most, used }) => [
      layer,
      name,
      scope,
      limit,
      resource,
      most,
      used,
    ]),
    [
      ["account", "robots", "group", "minutes", "cpu", 600, 60],
      ["account", "robots", "group", "runningJobs", null, 4, 1],
      ["account", "robots", "job", "wallMinutes", null, 120, null],
    ],
  )
  await scene.end(host, id, HOUR_MS)
  const ann = await scene.server.call<LimitsView>("GET", "/v1/limits?account=robots", undefined, {
    token: scene.tokens.ann!,
  })
  assert.match(ann.refusal ?? "", /ann is not in account robots/)
})
