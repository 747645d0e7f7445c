import assert from "node:assert/strict"
import { test } from "node:test"
import { LARGE_CACHE_TOKENS, largeCache } from "../../../test/support/hive-models.ts"
import { type BegunHive, ModelScene } from "../../../test/support/model-scene.ts"

const GIB = 1024 ** 3

/** A split through tunnels that answers. */
async function split(): Promise<{ scene: ModelScene; hive: BegunHive }> {
  const scene = await ModelScene.start()
  await scene.join("alpha", { memoryBytes: 6 * GIB })
  await scene.join("beta", { memoryBytes: 4 * GIB })
  await scene.store("large", largeCache())
  await scene.serve("large", { contextTokens: LARGE_CACHE_TOKENS, slots: 1 })
  const model = await scene.untilState("large", "ready")
  assert.deepEqual(model.replicas[0]?.plan?.over, { kind: "tunnel" })
  return { scene, hive: scene.hives[0]! }
}

/** Its members end while the server is away. @returns why it was lost, as is told once it answers again */
async function lostMeanwhile(scene: ModelScene, hive: BegunHive, end: () => void): Promise<string> {
  await scene.server.stop()
  end()
  for (const host of scene.server.hosts.all.values()) {
    for (const attempt of host.attempts.values()) {
      if (attempt.phase === "running" && attempt !== hive.attempt) host.finish(attempt, { exitCode: 75 })
    }
  }
  hive.host.finish(hive.attempt, { exitCode: 75 })
  await scene.server.start()
  const { replicas } = await scene.until(
    "large",
    ({ state, replicas: [one] }) => state === "ready" && one?.lastLoss != null,
  )
  await scene.server.call("POST", "/v1/hives/large/stop", {})
  await scene.untilState("large", "stopped")
  return replicas[0]?.lastLoss?.reason ?? ""
}

test("what a hive said last while the server was away is told, and that its tunnels ended with the server", async () => {
  const { scene, hive } = await split()
  await using _ = scene
  const reason = await lostMeanwhile(scene, hive, () => {
    // So much that it is not read at once.
    for (let line = 0; line < 200; line++) hive.host.print(hive.attempt, "stdout", `${"engine ".repeat(600)}\n`)
    scene.say(hive, {
      hive: "lost",
      rank: 0,
      member: 1,
      code: "member_lost",
      reason: "member 1 (beta) is gone: closed",
    })
  })
  assert.match(reason, /^the server was restarted, .*tunnels.* member 1 \(beta\) is gone: closed/)
})

test("a hive over tunnels that ended without a word while the server was away was lost with its tunnels", async () => {
  const { scene, hive } = await split()
  await using _ = scene
  const reason = await lostMeanwhile(scene, hive, () => {})
  assert.match(reason, /^the server was restarted, .*tunnels/)
  assert.doesNotMatch(reason, /exit code/)
})
