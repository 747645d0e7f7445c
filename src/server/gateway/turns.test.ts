import assert from "node:assert/strict"
import { test } from "node:test"
import { setImmediate } from "node:timers/promises"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import type { GatewayProblem } from "../../gateway/gateway-problem.ts"
import { EngineReadings } from "./engine-readings.ts"
import { GATEWAY_LIMITS } from "./gateway-limits.ts"
import { beginningsOf } from "./prefix-memory.ts"
import { type Replica, type ServedModel, ServedModels } from "./served-models.ts"
import { type Turn, Turns, type WantedTurn } from "./turns.ts"

const begin = (...said: string[]) => beginningsOf({ messages: said.map((content) => ({ role: "user", content })) })

const replica = (id: string, slots = 1): Replica => ({ id, url: "http://127.0.0.1:1", model: "m", slots, key: null })

function scene(replicas: readonly Replica[], sharesOf: (user: string) => number = () => 1) {
  const clock = new MovedClock()
  const seatsOf = (user: string) => [{ name: user, shares: sharesOf(user) }]
  const models = new ServedModels()
  const set = (change: Partial<ServedModel> = {}) =>
    models.set({
      name: "m",
      createdS: 0,
      takesImages: false,
      takesTokens: true,
      requests: { engineName: "llama.cpp", lacks: new Set(), leastNumbers: {}, seeds: 2 ** 32 - 1, defaults: {} },
      purpose: "text",
      contextTokens: 2_048,
      longestTokenBytes: 128,
      replicas,
      problem: null,
      wake() {},
      failed() {},
      ...change,
    })
  set()
  const turns = new Turns({ name: "m", models, limits: { ...GATEWAY_LIMITS, waiting: 10 }, seatsOf, clock })
  models.onChange(() => turns.look())
  const never = new AbortController().signal
  const take = (wanted: Partial<WantedTurn> = {}, signal = never) =>
    turns.take({ user: "ada", beginnings: begin("p"), excluded: new Set(), ...wanted }, signal)
  return { turns, models, set, take, clock }
}

test("who had least for their shares is next", async () => {
  const { take } = scene([replica("a")], (user) => (user === "eve" ? 2 : 1))
  let turn: Turn = await take()
  const order: string[] = []
  const waiting = ["ada", "ada", "ada", "bob", "bob", "eve", "eve", "eve", "eve"].map(async (user) => {
    turn = await take({ user })
    order.push(user)
  })
  for (let index = 0; index < waiting.length; index++) {
    turn.release(100)
    await setImmediate()
    assert.equal(order.length, index + 1)
  }
  assert.ok(order.indexOf("ada") > 1, "ada had the first turn")
  assert.deepEqual(order.slice(0, 6).filter((user) => user === "eve").length, 3, order.join(" "))
})

test("replicas are asked by room, but who has the beginning in its cache first", async () => {
  const { take } = scene([replica("a", 2), replica("b", 2)])
  const ids = async (...said: string[]) => (await take({ beginnings: begin("Be short", ...said) })).replica.id
  const [one, two] = ["one ".repeat(50), "two ".repeat(50)]
  assert.deepEqual([await ids(one), await ids(two), await ids(two, "more"), await ids(one)], ["a", "b", "b", "a"])
})

test("who was slow is asked less, one that is new is tried, and who is told to come again hears when", async () => {
  const { take, clock, set } = scene([replica("a", 4), replica("b", 4)])
  const asked: string[] = []
  const ask = async (said: string) => {
    const turn = await take({ beginnings: begin(said) })
    asked.push(turn.replica.id)
    const tokenMs = turn.replica.id === "a" ? 30 : 10
    clock.advance(tokenMs * 100)
    turn.release(100, { firstMs: 50, tokenMs })
  }
  for (let index = 0; index < 10; index++) await ask(`${index}`)
  assert.deepEqual(asked.slice(2), Array(8).fill("b"), "both were tried once")
  const under = await Promise.all(Array.from({ length: 4 }, (_, index) => take({ beginnings: begin(`x${index}`) })))
  assert.deepEqual(under.map((turn) => turn.replica.id).sort(), ["a", "b", "b", "b"])
  set({ replicas: [replica("a", 4), replica("b", 4), replica("c", 2)] })
  assert.equal((await take()).replica.id, "c")
  set({ replicas: [replica("a", 1)] })
  const waiting = Array.from({ length: 10 }, () => take())
  assert.throws(
    () => take(),
    (error: GatewayProblem) => error.kind === "busy" && error.retryAfterS! > 5,
  )
  set({ replicas: [], problem: "gone" })
  for (const each of waiting) await assert.rejects(each, /gone/)
})

test("who excludes all free replicas holds nobody up", async () => {
  const { take, set } = scene([replica("a")])
  const left = new AbortController()
  const picky = take({ excluded: new Set(["a"]) }, left.signal)
  assert.equal((await take()).replica.id, "a")
  set({ replicas: [replica("a"), replica("b")] })
  assert.equal((await picky).replica.id, "b")
})

test("who leaves is not waited for, and a model that is gone refuses all", async () => {
  const { take, models, turns } = scene([replica("a")])
  const turn = await take()
  const left = new AbortController()
  const leaver = take({}, left.signal)
  const stayer = take()
  left.abort(new Error("left"))
  await assert.rejects(leaver, /left/)
  models.remove("m")
  await assert.rejects(stayer, { kind: "not_ready", message: /not served any more/ })
  turn.release(1)
  turn.release(1)
  assert.ok(turns.isIdle)
})

test("a replica at which one request is read alone is given to nobody else until that is over, and where it takes long only if there is no other", async () => {
  const readings = new EngineReadings(new MovedClock())
  const { turns, take, models, set } = scene([{ ...replica("a", 2), readings }])
  const closure = await readings.close(1, new AbortController().signal)
  let isGiven = false
  const waits = take().then((turn) => {
    isGiven = true
    return turn
  })
  turns.look()
  await setImmediate()
  assert.equal(isGiven, false)
  closure.doubt()
  turns.look()
  assert.equal((await waits).replica.id, "a")
  set({ replicas: [...models.find("m")!.replicas, replica("b")] })
  assert.deepEqual([(await take()).replica.id, (await take()).replica.id], ["b", "a"])
})
