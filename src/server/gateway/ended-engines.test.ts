import assert from "node:assert/strict"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import {
  beginStream,
  chatChunk,
  data,
  type EngineAsked,
  ScriptedEngine,
  streamWords,
} from "../../../test/support/scripted-engine.ts"
import { systemClock } from "../../base/clock.ts"
import { type EngineEnd, EngineReadings } from "./engine-readings.ts"
import type { Replica } from "./served-models.ts"

const HUNG: EngineEnd = { how: "hung", why: "no token came for 120 s", silentMs: 0 }
const CRASHED: EngineEnd = { how: "crashed", why: "its head was ended by SIGSEGV" }

/** Engines of which each request that says `deadly` is the end. Those that are gone come back as others, as hives do. */
class Mortals implements AsyncDisposable {
  readonly scene: GatewayScene
  /** What each was asked, in the order in which they began. */
  readonly asked: string[][] = []
  readonly #engines: ScriptedEngine[] = []
  #live: Replica[] = []
  readonly #end: EngineEnd
  /** Engines answer what is harmless once this many requests wait at one of them, or it is told to go on. */
  held = 0

  private constructor(scene: GatewayScene, end: EngineEnd) {
    this.scene = scene
    this.#end = end
  }

  static async start(count: number, end: EngineEnd = CRASHED): Promise<Mortals> {
    const mortals = new Mortals(await GatewayScene.start(), end)
    for (let index = 0; index < count; index++) await mortals.begin()
    return mortals
  }

  async begin(): Promise<void> {
    const readings = new EngineReadings(systemClock())
    const own: string[] = []
    this.asked.push(own)
    const waiting: EngineAsked[] = []
    const engine = await ScriptedEngine.start((asked) => {
      const word = wordOf(asked)
      own.push(word)
      waiting.push(asked)
      if (word.startsWith("begun")) beginStream(asked).write(data(chatChunk({ content: "be" })))
      if (waiting.length < this.held) return
      if (waiting.some((one) => wordOf(one).startsWith("deadly"))) {
        this.#live = this.#live.filter((one) => one !== replica)
        readings.settle(this.#end)
        for (const { request } of waiting) request.socket.destroy()
        void engine[Symbol.asyncDispose]()
        void this.begin()
      } else for (const one of waiting.splice(0)) streamWords(one, ["fine"])
    })
    this.#engines.push(engine)
    const replica = engine.replica({ slots: 9, readings })
    this.#live.push(replica)
    this.publish()
  }

  publish(): void {
    this.scene.serve(this.#live, {
      failed: (replica) => {
        this.#live = this.#live.filter(({ id }) => id !== replica.id)
        this.publish()
      },
    })
  }

  ask(content: string, change: object = {}, signal?: AbortSignal): Promise<Response> {
    return this.scene.chat({ messages: [{ role: "user", content }], ...change }, { ...(signal && { signal }) })
  }

  /** How many engines have been asked it. */
  timesAsked(word: string): number {
    return this.asked.flat().filter((one) => one === word).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scene[Symbol.asyncDispose]()
    for (const engine of this.#engines) await engine[Symbol.asyncDispose]()
  }
}

function wordOf({ body }: EngineAsked): string {
  return (body.messages as { content: string }[]).at(-1)!.content
}

async function told(response: Response): Promise<[status: number, retry: string | null, message: string]> {
  const { error } = (await response.json()) as { error: { message: string } }
  return [response.status, response.headers.get("x-should-retry"), error.message]
}

test("a request that ends engines is tried once more and then no more, also for other keys, in other dialects' shapes, and when it streams", async () => {
  await using mortals = await Mortals.start(2)
  const { scene } = mortals
  const [status, retry, message] = await told(await mortals.ask("deadly"))
  assert.deepEqual([status, retry], [502, "false"], message)
  assert.match(
    message,
    /^The answer of tiny was lost: its head was ended by SIGSEGV\. It is not tried again, as an engine ended a second time while it read this request$/,
  )
  const { key } = await scene.makeKey({ name: "other" })
  const messages = [{ role: "user", content: "deadly" }]
  const [again, mayRetry, words] = await told(await scene.chat({ messages }, { key }))
  assert.deepEqual([again, mayRetry], [422, "false"], words)
  assert.match(
    words,
    /^This request is not brought to tiny for another 10 min: its engine ended 2 times while it read it, the last time as its head was ended by SIGSEGV$/,
  )
  assert.equal(mortals.timesAsked("deadly"), 2)
  assert.equal((await mortals.ask("harmless")).status, 200)
})

test("one with which an engine stood still is tried nowhere else", async () => {
  await using mortals = await Mortals.start(2, HUNG)
  const [status, retry, message] = await told(await mortals.ask("deadly"))
  assert.deepEqual([status, retry], [502, "false"])
  assert.match(message, /no token came for 120 s\. It is not tried again, as its engine stood still while it read this/)
  assert.equal((await told(await mortals.ask("deadly")))[0], 422)
  assert.equal(mortals.timesAsked("deadly"), 1)
})

test("one of which an engine died for want of memory is brought to no other one, and is not taken any more after the second", async () => {
  await using mortals = await Mortals.start(2, { how: "memory", why: "out of memory on studio: it held 9 GB" })
  for (const times of [1, 2]) {
    const [status, retry, message] = await told(await mortals.ask("deadly"))
    assert.deepEqual([status, retry, mortals.timesAsked("deadly")], [503, "false", times])
    assert.match(message, /^The answer of tiny was lost: out of memory on studio: it held 9 GB\. It is not asked for/)
  }
  assert.equal((await told(await mortals.ask("deadly")))[0], 422)
  assert.equal(mortals.timesAsked("deadly"), 2)
})

test("what ended for nothing of its own is tried again as often as ever", async () => {
  await using mortals = await Mortals.start(2, { how: "other", why: "host2 was restarted" })
  assert.equal((await mortals.ask("deadly")).status, 502)
  assert.equal(mortals.timesAsked("deadly"), 4)
})

for (const end of [CRASHED, HUNG])
  test(`requests that were there with the one by which engines are ${end.how} are answered, however often they are`, async () => {
    await using mortals = await Mortals.start(1, end)
    mortals.held = 4
    const others = ["a", "b", "c"].map((word) => mortals.ask(word))
    while (mortals.asked.flat().length < 3) await new Promise(setImmediate)
    const deadly = mortals.ask("deadly")
    mortals.held = 1
    assert.equal((await deadly).status, 502)
    assert.deepEqual(
      (await Promise.all(others)).map(({ status }) => status),
      [200, 200, 200],
    )
    assert.equal(mortals.timesAsked("deadly"), 2)
    for (const word of ["a", "b", "c"]) assert.equal((await mortals.ask(word)).status, 200)
  })

const SHAPE = { grammar: 'root ::= "a"' }

test("the lightest are tried again first: words are answered before the shape with which an engine stood still is brought to another", async () => {
  await using mortals = await Mortals.start(1, HUNG)
  mortals.held = 3
  const others = ["a", "b"].map((word) => mortals.ask(word))
  while (mortals.asked.flat().length < 2) await new Promise(setImmediate)
  const deadly = mortals.ask("deadly", SHAPE)
  mortals.held = 1
  assert.equal((await deadly).status, 502)
  assert.deepEqual(
    (await Promise.all(others)).map(({ status }) => status),
    [200, 200],
  )
  assert.deepEqual(mortals.asked.slice(0, 2), [
    ["a", "b", "deadly"],
    ["a", "b", "deadly"],
  ])
})

test("who asks for a shape is not blamed, where it is with mere words that an engine stands still", async () => {
  await using mortals = await Mortals.start(1, HUNG)
  mortals.held = 2
  const honest = mortals.ask("a", SHAPE)
  while (mortals.asked.flat().length < 1) await new Promise(setImmediate)
  const deadly = mortals.ask("deadly")
  mortals.held = 1
  assert.equal((await deadly).status, 502)
  assert.equal((await honest).status, 200)
  assert.deepEqual(mortals.asked, [["a", "deadly"], ["deadly"], ["a"]])
  assert.equal((await mortals.ask("a", SHAPE)).status, 200)
})

test("those that wait to be tried alone hold no place, and after one that had a second engine stand still others are answered first", async () => {
  await using mortals = await Mortals.start(1, HUNG)
  mortals.held = 3
  const leaving = new AbortController()
  const deadly = ["deadly 1", "deadly 2", "deadly 3"].map((word) => mortals.ask(word, {}, leaving.signal))
  const first = deadly[0]!
  for (const one of deadly) one.catch(() => {})
  while (mortals.asked.length < 2) await new Promise(setImmediate)
  mortals.held = 1
  assert.equal((await Promise.race(deadly)).status, 502)
  const others = Array.from({ length: 12 }, (_, index) => mortals.ask(`fine ${index}`))
  for (const { status } of await Promise.all(others)) assert.equal(status, 200)
  assert.equal((await first).status, 502)
  assert.deepEqual(mortals.asked[1], ["deadly 1"])
  leaving.abort()
  assert.equal(mortals.timesAsked("deadly 2") + mortals.timesAsked("deadly 3"), 2, "they wait")
})

// Else it would wait for the first one, of which nothing is known for minutes.
test("who waits to be tried alone hears at once that the model was stopped", { timeout: 60_000 }, async () => {
  await using mortals = await Mortals.start(1, HUNG)
  mortals.held = 2
  const leaving = new AbortController()
  const first = mortals.ask("deadly 1", { stream: true }, leaving.signal)
  first.catch(() => {})
  const second = mortals.ask("deadly 2")
  while (mortals.asked.length < 2 || mortals.asked[1]!.length < 1) await new Promise(setImmediate)
  mortals.scene.server.running.models.remove("tiny")
  const [status, , message] = await told(await second)
  assert.deepEqual([status, message], [503, "The model tiny cannot answer: it is not served any more"])
  leaving.abort()
})
