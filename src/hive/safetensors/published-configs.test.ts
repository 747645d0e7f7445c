import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { FilesInMemory } from "../../../test/support/safetensors-files.ts"
import { runsInMlx } from "../engines/mlx-models.ts"
import { cacheBytes } from "../fit/cache-bytes.ts"
import { activeBytes, weightBytes } from "../model/model-facts.ts"
import { readModel } from "../model/read-model.ts"

const C = 32_768
const FILE = join(import.meta.dirname, "../../../test/fixtures/hive/published-configs.json")

interface Row {
  readonly name: string
  readonly config: object
  /** What a conversation of 32,768 tokens keeps, by what is published of the model. */
  readonly keeps: readonly (readonly [keyof typeof BYTES, ...number[]])[]
  /** Of the weights, what a token reads where it has experts. */
  readonly share?: number
}

const BYTES = {
  /** Keys and values, halves: layers, heads, size of each, tokens. */
  kv: (layers: number, heads: number, size: number, tokens = C) => layers * 2 * heads * size * 2 * tokens,
  /** Compressed vectors: layers, size. */
  mla: (layers: number, size: number) => layers * size * 2 * C,
  /** Mamba's states, floats: layers, inner size, size of the state, groups. */
  ssm: (layers: number, inner: number, state: number, groups: number) =>
    layers * 4 * (3 * (inner + 2 * groups * state) + state * inner),
  bytes: (all: number) => all,
} satisfies Record<string, (...sizes: number[]) => number>

describe("configurations of published models", () => {
  for (const { name, config, keeps, share } of JSON.parse(readFileSync(FILE, "utf8")) as readonly Row[])
    it(`${name}: what a conversation of 32k keeps`, async () => {
      const index = { metadata: { total_size: 1e12 }, weight_map: { "lm_head.weight": "a.safetensors" } }
      const folder = new FilesInMemory({ "config.json": config, "model.safetensors.index.json": index })
      const model = await readModel(folder, null, new AbortController().signal)
      assert.ok(runsInMlx(model.architecture))
      const serving = { contextTokens: C, slots: 1, kv: "f16" } as const
      const cache = keeps.reduce(
        (sum, [kind, ...sizes]) => sum + (BYTES[kind] as (...all: number[]) => number)(...sizes),
        0,
      )
      assert.equal(
        model.layers.reduce((sum, layer) => sum + cacheBytes(layer, serving), 0),
        cache,
      )
      assert.ok(Math.abs(weightBytes(model) - 1e12) < 1e3)
      if (share !== undefined) {
        const found = activeBytes(model) / weightBytes(model)
        // Without files, layers with a state are reckoned as if they had attention.
        assert.ok(Math.abs(found / share - 1) < 0.15, `${found} of ${share} is read`)
      }
    })
})
