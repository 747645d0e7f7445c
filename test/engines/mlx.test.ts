import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { HiveScene, type HiveSetup, mlxTokensOf } from "../support/hive-scene.ts"
import { findMlx } from "../support/mlx.ts"

const mlx = await findMlx()
const engineFolder = "folder" in mlx ? mlx.folder : ""
const skip = "lacking" in mlx && mlx.lacking
const PROMPT = "When a member stops, the head"
const TOKENS = 32

/** Starts a hive, asks it, ends it. @returns its tokens */
async function ask(setup: Omit<HiveSetup, "engineFolder">): Promise<readonly number[]> {
  await using scene = await HiveScene.set({ engine: "mlx", engineFolder, ...setup })
  const members = scene.startAll()
  const { port } = await members[0]!.says("ready")
  const tokens = await mlxTokensOf(port, PROMPT, TOKENS)
  members[0]!.child.kill("SIGTERM")
  const ended = await Promise.all(members.map((member) => member.ended))
  assert.deepEqual(
    ended.map(({ exitCode }) => exitCode),
    members.map(() => 0),
  )
  assert.deepEqual(scene.alive(), [])
  return tokens
}

describe("MLX over several ranks says what it says in one process", { skip, timeout: 300_000 }, () => {
  for (const architecture of ["qwen2", "llama", "qwen3"] as const) {
    it(`${architecture}: parts of layers on two`, async () => {
      const model = { architecture, width: 128 }
      const alone = await ask({ model, layers: [4] })
      assert.equal(alone.length, TOKENS)
      assert.ok(new Set(alone).size >= 20, `only ${new Set(alone).size} of them differ`)
      const two = await ask({ model, layers: [4, 4], changes: { mode: "tensor" } })
      assert.deepEqual(two, alone)
    })
  }

  it("layers on two and three, unevenly where this release keeps them all", async () => {
    const model = { architecture: "qwen2", width: 128 } as const
    const alone = await ask({ model, layers: [5] })
    for (const layers of [
      [3, 2],
      [2, 2, 1],
    ]) {
      const order = [...layers.keys()].toReversed()
      assert.deepEqual(await ask({ model, layers, order }), alone, `${layers}`)
    }
  })
})
