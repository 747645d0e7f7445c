/** The real MLX over two hosts of a pool: its ring between them is the agents', layers are as planned, and nothing is left. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import type { KeyView } from "../../src/protocol/key-api.ts"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { MACS } from "../lab/mac/models.ts"
import { findMlx, putMlx } from "../support/mlx.ts"
import { startPool } from "../support/pool.ts"
import { writeRandomFolder } from "../support/random-safetensors.ts"

const mlx = await findMlx()
const skip = "lacking" in mlx && mlx.lacking
/** So much context that what is kept of it needs two Macs: what nobody asks for takes no memory. */
const CONTEXT_TOKENS = 1_000_000

test("a model that no Mac holds alone is served by MLX on two", { skip, timeout: 200_000 }, async () => {
  await using pool = await startPool({
    hosts: [
      { kind: "mac", mac: MACS.air },
      { kind: "mac", mac: MACS.air },
    ],
    server: { labMacs: true },
  })
  for (const host of pool.hosts) {
    if ("folder" in mlx) putMlx(host.files, mlx.folder)
    host.mac.owner("leaves", { idleMs: 3_600_000 })
    await pool.api("POST", `/v1/hosts/${host.name}/owner/rules`, { rules: { start_after_idle: "1s" } })
    await pool.untilHost(host.name, ({ presence }) => presence?.state === "away")
  }
  const project = join(pool.scratch.at("home"), "project")
  writeRandomFolder(join(project, "tiny"), { layers: 4, contextTokens: CONTEXT_TOKENS })
  const line = ["model", "serve", "tiny", "tiny", "--context", String(CONTEXT_TOKENS), "--slots", "6"]
  const served = await pool.windfall([...line, "--trust-network"])
  assert.equal(served.exitCode, 0, served.stderr)
  const { replicas } = await pool.api<ModelView>("GET", "/v1/hives/tiny")
  assert.deepEqual(
    replicas[0]?.plan?.members.map(({ firstLayer, layers }) => [firstLayer, layers]),
    [
      [2, 2],
      [0, 2],
    ],
  )
  const { key } = await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })
  const answer = await fetch(`${pool.url}/v1/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "tiny", prompt: "The quick brown fox", max_tokens: 24, temperature: 0 }),
  })
  assert.equal(answer.status, 200)
  const { usage } = (await answer.json()) as { usage: { completion_tokens: number } }
  assert.equal(usage.completion_tokens, 24)
  const engines = () =>
    pool.hosts.map((host) => host.processes().filter(({ command }) => command.includes("mlx_lm")).length)
  assert.ok(engines().every((count) => count > 0))
  const stopped = await pool.windfall(["model", "stop", "tiny"])
  assert.equal(stopped.exitCode, 0, stopped.stderr)
  assert.deepEqual(engines(), [0, 0])
})
