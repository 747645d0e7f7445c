import assert from "node:assert/strict"
import { test } from "node:test"
import { LARGE_CACHE_TOKENS, largeCache } from "../../../test/support/hive-models.ts"
import { ModelScene } from "../../../test/support/model-scene.ts"

const GIB = 1024 ** 3

test("a head whose host was cut off is what a hive was lost for, and not the members that it could not hear", async () => {
  await using scene = await ModelScene.start({ modelLimits: { restMs: 5, planAgainMs: 20 } })
  const hosts = [
    await scene.join("alpha", { memoryBytes: 6 * GIB }),
    await scene.join("beta", { memoryBytes: 4 * GIB }),
  ]
  await scene.store("large", largeCache())
  await scene.serve("large", { contextTokens: LARGE_CACHE_TOKENS, slots: 1, trustsNetwork: true })
  const { replicas } = await scene.untilState("large", "ready")
  const names = replicas[0]!.plan!.members.map(({ hostName }) => hostName)
  const reason = `nothing was heard of member 1 (${names[1]}) for 11 s`
  for (const [cut, told] of [
    [0, `${names[0]} was out of contact, and lost the others: ${reason}`],
    [1, reason],
  ] as const) {
    const { losses } = (await scene.untilState("large", "ready")).replicas[0]!
    const hive = scene.hives.at(-1)!
    const host = hosts.find(({ id }) => (id === hive.host.id) === (cut === 0))!
    host.cut()
    await scene.until("large", (model) => /is out of contact/.test(model.replicas[0]?.reason ?? ""))
    host.connect()
    scene.lose(hive, "member_lost", reason, 1)
    const lost = await scene.until("large", (model) => (model.replicas[0]?.losses ?? 0) > losses)
    assert.equal(lost.replicas[0]?.lastLoss?.reason, told)
  }
})
