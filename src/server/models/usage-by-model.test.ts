import assert from "node:assert/strict"
import { test } from "node:test"
import { LARGE_CACHE_TOKENS, largeCache } from "../../../test/support/hive-models.ts"
import { ModelScene } from "../../../test/support/model-scene.ts"
import { runsOn } from "../../../test/support/simulated-host.ts"
import type { UsageView } from "../../protocol/usage-api.ts"

const GIB = 1024 ** 3

test("what hives ran is charged to their model, on each of their hosts; what tasks ran is nobody's", async () => {
  await using scene = await ModelScene.start()
  const { server } = scene
  await scene.join("alpha", { memoryBytes: 6 * GIB })
  await scene.join("beta", { memoryBytes: 4 * GIB })
  await scene.store("large", largeCache())
  await scene.store("tiny")
  await scene.serve("large", { contextTokens: LARGE_CACHE_TOKENS, slots: 1, trustsNetwork: true })
  await scene.untilState("large", "ready")
  await scene.join("gamma")
  await scene.serve("tiny")
  await scene.untilState("tiny", "ready")
  const other = await server.hosts.join("delta")
  other.script = runsOn
  const { id } = await server.submit({ host: "delta" })
  await server.untilState(id, "running")
  const { rows } = await server.call<UsageView>("GET", "/v1/usage?by=model&since=0")
  assert.deepEqual(
    rows.map(({ name, jobs, attempts }) => [name, jobs, attempts]),
    [
      [null, 1, 1],
      ["large", 1, 2],
      ["tiny", 1, 1],
    ],
  )
  // It stays so when the model is forgotten.
  for (const name of ["large", "tiny"]) {
    await server.call("POST", `/v1/hives/${name}/stop`, {})
    await scene.untilState(name, "stopped")
    await server.call("DELETE", `/v1/hives/${name}`)
  }
  const after = await server.call<UsageView>("GET", "/v1/usage?by=model&since=0")
  assert.deepEqual(
    after.rows.map(({ name, attempts }) => [name, attempts]),
    rows.map(({ name, attempts }) => [name, attempts]),
  )
})
