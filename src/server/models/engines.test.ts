/** What hosts say of their engines decides where a model goes, and whether MLX is built there. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { LARGE_CACHE_TOKENS, largeCache } from "../../../test/support/hive-models.ts"
import { ModelScene } from "../../../test/support/model-scene.ts"
import { giveEngines } from "../../../test/support/simulated-engines.ts"
import type { HostEnginesView } from "../../protocol/host-engines.ts"

const engines = async (scene: ModelScene) =>
  (await scene.server.call<{ hosts: HostEnginesView[] }>("GET", "/v1/engines")).hosts

test("a host that is known to lack llama.cpp is not tried; where all do nothing is served, and it is said what to do", async () => {
  await using scene = await ModelScene.start()
  const alpha = await scene.join("alpha")
  giveEngines(alpha, [])
  await scene.store("tiny")
  await assert.rejects(scene.serve("tiny"), /it fits nowhere \(alpha: it has no llama\.cpp: unpack llama-VERSION/)
  const beta = await scene.join("beta")
  giveEngines(beta, [{ engine: "llama.cpp", version: "1" }])
  await scene.serve("tiny")
  const { replicas } = await scene.untilState("tiny", "ready")
  assert.deepEqual(
    [replicas[0]?.plan?.members.map(({ hostName }) => hostName), scene.hives.map(({ host }) => host === beta)],
    [["beta"], [true]],
  )
  // What was put there since is found by whoever serves anew.
  giveEngines(alpha, [{ engine: "llama.cpp", version: "1" }])
  await scene.serve("tiny", { data: null, file: null, pins: ["alpha"] })
  await scene.until("tiny", ({ replicas: [one] }) => one?.plan?.members[0]?.hostName === "alpha")
})

test("hosts say what they have when they are asked; of those that do not, nothing is known", async () => {
  await using scene = await ModelScene.start()
  const alpha = await scene.join("alpha")
  await scene.join("old")
  giveEngines(alpha, [{ engine: "mlx", version: "mlx-lm 0.32.2, mlx 0.32.4" }])
  assert.deepEqual(await engines(scene), [
    { host: "alpha", engines: [{ engine: "mlx", version: "mlx-lm 0.32.2, mlx 0.32.4" }], rdma: null },
    { host: "old", engines: null, rdma: null },
  ])
  // What no agent says is not believed, and what was known stays.
  giveEngines(alpha, [{ engine: "mlx", version: 7 as unknown as string }])
  assert.deepEqual((await engines(scene))[0]?.engines?.length, 1)
  alpha.cut("it is gone")
  assert.deepEqual((await engines(scene))[0]?.engines?.length, 1)
})

test("a model that takes two hosts goes to two with the same version; where there are none that is said before anything starts", async () => {
  await using scene = await ModelScene.start()
  const GIB = 1024 ** 3
  const llama = (version: string) => [{ engine: "llama.cpp", version }] as const
  const alpha = await scene.join("alpha", { memoryBytes: 6 * GIB })
  giveEngines(alpha, llama("1"))
  giveEngines(await scene.join("beta", { memoryBytes: 4 * GIB }), llama("2"))
  await scene.store("large", largeCache())
  const asked = { contextTokens: LARGE_CACHE_TOKENS, slots: 1, trustsNetwork: true }
  await assert.rejects(
    scene.serve("large", asked),
    /it fits nowhere \(beta: its llama\.cpp is 2, that of others 1: members of one hive must have the same\)$/,
  )
  giveEngines(await scene.join("gamma", { memoryBytes: 4 * GIB }), llama("1"))
  const { replicas } = await scene
    .serve("large", asked)
    .then(() => scene.until("large", (one) => one.replicas[0]?.plan != null))
  assert.deepEqual(replicas[0]?.plan?.members.map(({ hostName }) => hostName).toSorted(), ["alpha", "gamma"])
})
