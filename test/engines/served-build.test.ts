/** A host that has no MLX: the first hive builds it, whoever serves the model sees how far that is, and the next one finds it. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import type { KeyView } from "../../src/protocol/key-api.ts"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { eventually } from "../support/agent-home.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { noPythonIndex } from "../support/python-index.ts"
import { writeRandomFolder } from "../support/random-safetensors.ts"

const skip = await noPythonIndex()
const MODEL = ["tiny", "tiny", "--context", "1k", "--slots", "1"]

describe("MLX on hosts that have none", { skip, timeout: 300_000 }, () => {
  let pool: Pool
  before(async () => {
    // Hosts of a lab reach their server and nothing beyond.
    pool = await startPool({ hosts: 1, local: 1 })
    writeRandomFolder(join(pool.scratch.at("home"), "project/tiny"))
  })
  after(async () => {
    // A host that is this machine outlives its pool.
    await pool.windfall(["model", "stop", "tiny"])
    await pool[Symbol.asyncDispose]()
  })

  const model = () => pool.api<ModelView>("GET", "/v1/hives/tiny")

  it("is said by a plan before anything starts", async () => {
    const { stdout, exitCode } = await pool.windfall(["model", "plan", "tiny", "--context", "1k", "--slots", "1"])
    assert.equal(exitCode, 0, stdout)
    assert.match(stdout, /Windfall builds mlx-lm \S+, mlx \S+ on \S+ when it is served, .*there is no MLX on/)
  })

  it("is an error that says what to do where no index can be reached", async () => {
    const refused = await pool.windfall(["model", "serve", ...MODEL, "--pin", "host1"])
    assert.equal(refused.exitCode, 1, refused.stderr)
    assert.match(refused.stderr, /MLX cannot be built on host1: .*UV_DEFAULT_INDEX.*uv pip install/)
  })

  it("is built once, with its progress to be seen, and used from then on", async () => {
    const serving = pool.windfall(["model", "serve", ...MODEL, "--pin", "local1"])
    const isBuilding = async () => /building/.test((await model()).replicas[0]?.reason ?? "")
    await Promise.race([serving, eventually(isBuilding, "a build that is seen")])
    const shown = await pool.windfall(["model", "show", "tiny"])
    assert.match(shown.stdout, /starting: .*building/)
    const served = await serving
    assert.equal(served.exitCode, 0, served.stderr)
    const before = await model()
    assert.match(before.replicas[0]?.engineVersion ?? "", /^mlx-lm 0\.32\.\d+, mlx 0\.32\.\d+$/)
    const { key } = await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })
    const answer = await fetch(`${pool.url}/v1/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "tiny", prompt: "The quick brown fox", max_tokens: 12, temperature: 0 }),
    })
    const { usage } = (await answer.json()) as { usage: { completion_tokens: number } }
    assert.equal(usage.completion_tokens, 12)
    const log = async () => (await pool.log((await model()).replicas[0]!.job!, "stderr")).toString()
    assert.match(await log(), /building the Python environment from mlx-packages\.txt[\s\S]*the environment is ready/)
    assert.equal((await pool.windfall(["model", "stop", "tiny"])).exitCode, 0)
    const again = await pool.windfall(["model", "serve", "tiny"])
    assert.equal(again.exitCode, 0, again.stderr)
    assert.doesNotMatch(await log(), /building/)
    assert.equal((await pool.windfall(["model", "stop", "tiny"])).exitCode, 0)
  })
})
