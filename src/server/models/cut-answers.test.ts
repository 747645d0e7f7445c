import assert from "node:assert/strict"
import { once } from "node:events"
import { test } from "node:test"
import { heldBack, servesTiny, until } from "../../../test/support/held-answers.ts"
import { ModelScene } from "../../../test/support/model-scene.ts"
import type { SimulatedAttempt } from "../../../test/support/simulated-host.ts"
import { HERE } from "../../../test/support/simulated-owner.ts"

test("what does not finish in time is cut before its hive is asked to end, which would wait for it once more; its client is told why", async () => {
  await using scene = await ModelScene.start({ modelLimits: { drainMs: 50, planAgainMs: 20 } })
  const host = await servesTiny(scene)
  const held = heldBack(scene)
  const [stream, whole] = [scene.chat("tiny", { stream: true }), scene.chat("tiny")]
  await until(() => held.asked.length === 2)
  // As a member does: it ends when nothing is in flight any more.
  host.obeys = false
  const cut = Promise.all(held.asked.map(({ response }) => once(response, "close")))
  await scene.server.call("POST", "/v1/hives/tiny/stop", {})
  await cut
  const [hive] = scene.hives
  await until(() => host.said.some(({ type }) => type === "stop"))
  host.finish(hive!.attempt, { cause: "cancelled" })
  await scene.untilState("tiny", "stopped")
  const text = await (await stream).text()
  assert.match(
    text,
    /"be"[\s\S]*"error":\{"message":"The answer of tiny was lost: tiny was stopped before its answer was complete"/,
  )
  assert.doesNotMatch(text, /\[DONE\]/)
  assert.match(
    await (await whole).text(),
    /The answer of tiny was lost: tiny was stopped before its answer was complete"/,
  )
})

test("a stream that an owner's return cuts says whose Mac it was", async () => {
  await using scene = await ModelScene.start()
  const host = await servesTiny(scene)
  const held = heldBack(scene)
  const stream = await scene.chat("tiny", { stream: true })
  await until(() => held.asked.length === 1)
  const [{ order }] = [...host.attempts.values()] as [SimulatedAttempt]
  const { attempt, sequence } = order
  host.tell({ type: "suspended", attempt, sequence, at: Date.now(), why: HERE, reactionMs: 1 })
  assert.match(await stream.text(), /The answer of tiny was lost: it is stopped on studio: [^"]*\w"/)
})
