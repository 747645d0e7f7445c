import assert from "node:assert/strict"
import { test } from "node:test"
import { LARGE_CACHE_TOKENS, largeCache } from "../../../test/support/hive-models.ts"
import { ModelScene } from "../../../test/support/model-scene.ts"
import { beginStream, chatChunk, data } from "../../../test/support/scripted-engine.ts"
import type { AttemptRecord, StopOrder } from "../../store/job-record.ts"
import { whyEnding } from "./why-ending.ts"

const GIB = 1024 ** 3

test("a stream that is cut as another member was lost says so, and not that somebody asked its hive to end", async () => {
  await using scene = await ModelScene.start()
  await scene.join("alpha", { memoryBytes: 6 * GIB })
  await scene.join("beta", { memoryBytes: 4 * GIB })
  await scene.store("large", largeCache())
  await scene.serve("large", { contextTokens: LARGE_CACHE_TOKENS, slots: 1, trustsNetwork: true })
  const { replicas } = await scene.untilState("large", "ready")
  const job = replicas[0]!.job!
  const hive = scene.hives[0]!
  // It finishes what is in flight first.
  hive.host.obeys = false
  scene.engine.script = async (asked) => {
    const response = beginStream(asked)
    response.write(data(chatChunk({ content: "Hel" })))
    for (const host of scene.server.hosts.all.values())
      for (const attempt of host.attempts.values())
        if (attempt.order.member?.rank === 1) host.finish(attempt, { cause: "supervisor_lost" })
    await scene.until("large", isKnown)
    scene.say(hive, { hive: "draining", rank: 0 })
    await scene.until("large", ({ replicas: [one] }) => one?.state !== "ready")
    response.destroy()
  }
  const isKnown = () =>
    scene.server.running.core.table.live(job)?.attempts.some(({ cause }) => cause === "supervisor_lost") === true
  const text = await (await scene.chat("large", { stream: true })).text()
  assert.match(text, /The answer of large was lost: member 1: its program on (alpha|beta) lost its supervisor/)
})

const RUNNING = { number: 1, suspended: null, cause: null, hostName: "mac-1" } as AttemptRecord
const STOP: StopOrder = { cause: "cancelled", signal: "TERM", graceMs: 0, at: 0, by: "ada" }

test("who asked is said where somebody did, and nothing where nobody is known to", () => {
  const job = { stop: null, reason: null, attempts: [RUNNING] }
  assert.equal(whyEnding(job, 1), null)
  assert.equal(whyEnding({ ...job, stop: STOP }, 1), "ada stopped its hive")
  assert.equal(
    whyEnding({ ...job, stop: { ...STOP, by: "windfall" }, reason: "preempted for eve" }, 1),
    "its hive was asked to end: preempted for eve",
  )
  const suspended = { since: 0, code: "paused", text: "somebody is there" } as AttemptRecord["suspended"]
  assert.equal(
    whyEnding({ ...job, attempts: [{ ...RUNNING, suspended }] }, 1),
    "its hive was asked to end on mac-1: somebody is there",
  )
  const killed = { ...RUNNING, cause: "out_of_memory", message: null } as AttemptRecord
  assert.equal(whyEnding({ ...job, attempts: [killed] }, 2), null, "another attempt's end is not this one's")
})
