/** Three hosts of which one has MLX, none can build it, and two serve other models: a model of MLX waits for the one that has it. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { eventually } from "../support/agent-home.ts"
import { findLlamaCpp, putLlamaCpp } from "../support/llama-cpp.ts"
import { findMlx, putMlx } from "../support/mlx.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { writeRandomGguf } from "../support/random-gguf.ts"
import { writeRandomFolder } from "../support/random-safetensors.ts"

const [llama, mlx] = [await findLlamaCpp(), await findMlx()]
const skip = ("lacking" in llama && llama.lacking) || ("lacking" in mlx && mlx.lacking)
const SMALL = ["--context", "512", "--slots", "1"]

describe("a model of MLX where one host has it and none can build it", { skip, timeout: 200_000 }, () => {
  let pool: Pool
  before(async () => {
    pool = await startPool({ hosts: 3, server: { modelLimits: { planAgainMs: 500 } } })
    for (const host of pool.hosts) if ("folder" in llama) putLlamaCpp(host.files, llama.folder)
    if ("folder" in mlx) putMlx(pool.hosts[0]!.files, mlx.folder)
    const project = join(pool.scratch.at("home"), "project")
    writeRandomFolder(join(project, "mlx"))
    for (const name of ["tiny", "emb"]) writeRandomGguf(join(project, `${name}.gguf`))
  })
  after(() => pool[Symbol.asyncDispose]())

  it("waits while others are served there, says what is in the way, and goes there when they end", async () => {
    for (const [name, host] of [
      ["tiny", "host1"],
      ["emb", "host2"],
    ] as const) {
      const line = ["model", "serve", name, `${name}.gguf`, "--pin", host, "--idle-stop", "never", ...SMALL]
      const served = await pool.windfall(line)
      assert.equal(served.exitCode, 0, served.stderr)
    }
    const model = () => pool.api<ModelView>("GET", "/v1/hives/mlx")
    const serving = pool.windfall(["model", "serve", "mlx", "mlx", ...SMALL])
    const holds = async () => {
      const found = await model().catch(() => null)
      return (
        found?.replicas[0]?.state === "waiting" && /host3: MLX cannot be built/.test(found.replicas[0].reason ?? "")
      )
    }
    await eventually(holds, "it waits")
    assert.match((await model()).replicas[0]?.reason ?? "", /host1: tiny is served there; host2: emb is served there/)
    assert.match(
      (await pool.windfall(["model", "show", "mlx"])).stdout,
      /left out +host3 until .*: MLX cannot be built on host3/,
    )
    assert.equal((await pool.windfall(["model", "stop", "tiny"])).exitCode, 0)
    const served = await serving
    assert.equal(served.exitCode, 0, served.stderr)
    const { replicas } = await model()
    assert.deepEqual([replicas[0]?.plan?.members[0]?.hostName, replicas[0]?.losses], ["host1", 1])
    for (const name of ["mlx", "emb"]) await pool.windfall(["model", "stop", name])
  })
})
