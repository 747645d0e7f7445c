import assert from "node:assert/strict"
import { test } from "node:test"
import { OwnerScene } from "../../../test/support/owner-scene.ts"

test("while looks fail, who was there before is told with since when that is so", async () => {
  await using scene = await OwnerScene.start({})
  await scene.told(null)
  const told = () => scene.agent.messages.flatMap((one) => (one.type === "presence" ? [one.presence] : []))
  const fresh = told().at(-1)
  assert.deepEqual([fresh?.state, fresh?.blindSince], ["away", undefined])
  const brokenAt = Date.now()
  scene.mac.breaks("usr/sbin/ioreg", "exit 1")
  await scene.told("presence_unknown")
  const old = told().at(-1)
  assert.equal(old?.state, "away")
  assert.ok(old?.blindSince !== undefined && old.blindSince >= brokenAt - 1_000 && old.blindSince <= Date.now())
})
