/** A replica whose processes all stand still on its host, as when its account hangs there: nobody else is in its hive who would miss it, and nobody's request waits for it for long. */
import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { it } from "node:test"
import type { KeyView } from "../../src/protocol/key-api.ts"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { eventually } from "../support/agent-home.ts"
import { signal } from "../support/hive-scene.ts"
import { findLlamaCpp, putLlamaCpp } from "../support/llama-cpp.ts"
import { startPool } from "../support/pool.ts"
import { writeRandomGguf } from "../support/random-gguf.ts"

const llama = await findLlamaCpp()
const skip = "lacking" in llama && llama.lacking

it("a replica that stands still with its member is ended, and what it was asked is answered by another one", {
  skip,
  timeout: 240_000,
}, async () => {
  await using pool = await startPool({ hosts: 2 })
  for (const host of pool.hosts) if ("folder" in llama) putLlamaCpp(host.files, llama.folder)
  const project = join(pool.scratch.at("home"), "project")
  mkdirSync(project, { recursive: true })
  writeRandomGguf(join(project, "tiny.gguf"), { width: 128 })
  const line = ["model", "serve", "tiny", "tiny.gguf", "--context", "1k", "--slots", "2", "--replicas", "2"]
  const served = await pool.windfall(line)
  assert.equal(served.exitCode, 0, served.stderr)
  const model = () => pool.api<ModelView>("GET", "/v1/hives/tiny")
  await eventually(async () => (await model()).replicas.every(({ state }) => state === "ready"), "both are ready")
  const { key } = await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })
  const ask = () =>
    fetch(`${pool.url}/v1/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "tiny", prompt: "The quick brown fox", max_tokens: 8 }),
    })
  const host = pool.hosts[1]!
  const job = (await model()).replicas.find(({ plan }) => plan?.members[0]?.hostName === host.name)?.job
  const frozen = host.processes().filter(({ command }) => /member\.mjs|llama-server/.test(command))
  assert.ok(frozen.length >= 2)
  for (const { pid } of frozen) signal(pid, "SIGSTOP")
  const answers = await Promise.all(Array.from({ length: 6 }, async () => (await ask()).status))
  assert.deepEqual(new Set(answers), new Set([200]))
  await eventually(async () => (await model()).replicas.every((one) => one.job !== job), "its hive is over")
  assert.match((await pool.windfall(["model", "show", "tiny"])).stdout, /its member program stood still for 30 s/)
  await eventually(async () => (await model()).replicas.every(({ state }) => state === "ready"), "both are ready again")
})
