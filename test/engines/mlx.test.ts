import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { HiveScene, type HiveSetup, mlxTokensOf } from "../support/hive-scene.ts"
import { findMlx } from "../support/mlx.ts"

const mlx = await findMlx()
const engineFolder = "folder" in mlx ? mlx.folder : ""
const skip = "lacking" in mlx && mlx.lacking
const PROMPT = "When a member stops, the head"
const TOKENS = 32

/** Starts a hive, asks it, ends it. @returns its tokens, and by rank the bytes of weights that each says it holds */
async function ask(setup: Omit<HiveSetup, "engineFolder">) {
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
  const held = ended.map(({ stderr }) => Number(/this rank holds (\d+) bytes of weights/.exec(stderr)?.[1]))
  return { tokens, held }
}

describe("MLX over several ranks says what it says in one process", { skip, timeout: 300_000 }, () => {
  for (const architecture of ["qwen2", "llama", "qwen3"] as const) {
    it(`${architecture}: parts of layers on two`, async () => {
      const model = { architecture, width: 128 }
      const alone = await ask({ model, layers: [4] })
      assert.equal(alone.tokens.length, TOKENS)
      assert.ok(new Set(alone.tokens).size >= 20, `only ${new Set(alone.tokens).size} of them differ`)
      const two = await ask({ model, layers: [4, 4], changes: { mode: "tensor" } })
      assert.deepEqual(two.tokens, alone.tokens)
      const [whole = 0] = alone.held
      for (const held of two.held) assert.ok(held > whole / 2 && held < whole, `${held} of ${whole} bytes`)
    })
  }

  it("layers on two, three and four, unevenly where this release keeps them all, each rank with just its own", async () => {
    const model = { architecture: "qwen2", width: 128 } as const
    const alone = await ask({ model, layers: [5] })
    const [whole = 0] = alone.held
    // Embeddings and output are on every rank, so that two ranks hold these once more.
    const splits = [
      [3, 2],
      [2, 2, 1],
      [2, 1, 1, 1],
    ]
    const all: (readonly number[])[] = []
    for (const layers of splits) {
      const order = [...layers.keys()].toReversed()
      const { tokens, held } = await ask({ model, layers, order })
      assert.deepEqual(tokens, alone.tokens, `${layers}`)
      all.push(held)
    }
    const layerBytes = (all[0]![0] ?? 0) - (all[0]![1] ?? 0)
    assert.ok(layerBytes > 100_000, `a layer would have ${layerBytes} bytes`)
    for (const [at, layers] of splits.entries())
      for (const [rank, count] of layers.entries())
        assert.equal(all[at]![rank], whole - (5 - count) * layerBytes, `rank ${rank} of ${layers}`)
  })
})
