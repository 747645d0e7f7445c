import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { layeredModel, mac } from "../../../test/support/hive-fleets.ts"
import { llamaCppRules } from "../engines/llama-cpp.ts"
import { mlxRules } from "../engines/mlx.ts"
import type { FleetHost } from "../fleet/fleet.ts"
import { hivesFor } from "../plan/hives-for.ts"
import type { HivePlan, Rate } from "../plan/model-plan.ts"
import { PreparedFleet } from "../plan/prepared-fleet.ts"

interface Row {
  readonly source: string
  readonly engine: "llama.cpp" | "mlx"
  readonly experts?: boolean
  readonly layers: number
  readonly gigabytes: number
}

interface Published {
  readonly single: readonly (Row & {
    readonly rates: readonly { readonly chip: string; readonly bandwidth: number; readonly tokens: number }[]
  })[]
  readonly split: readonly (Row & {
    readonly network: "ethernet" | "rdma"
    readonly chip?: string
    readonly bandwidth?: number
    readonly rates: Readonly<Record<string, number>>
  })[]
}

const FILE = join(import.meta.dirname, "../../../test/fixtures/hive/published-rates.json")
const published = JSON.parse(readFileSync(FILE, "utf8")) as Published

describe("published rates lie within what is predicted", () => {
  for (const row of published.single)
    for (const { chip, bandwidth, tokens } of row.rates)
      it(`${row.source} on ${chip}: ${tokens}`, () => {
        const { generation } = planned(row, [mac("one", 512, { chip, bandwidthGbPerS: bandwidth })], 1).prediction!
        assertWithin(tokens, generation)
        assert.ok(generation.high / generation.low < 1.7, "a range that wide says nothing")
      })

  for (const row of published.split)
    for (const [count, tokens] of Object.entries(row.rates))
      it(`${row.source} over ${count}: ${tokens}`, () => {
        const names = Array.from({ length: Number(count) }, (_, at) => `mac-${at}`)
        const isRdma = row.network === "rdma"
        const hosts = names.map((name) =>
          mac(name, 512, {
            chip: row.chip ?? "Apple M3 Ultra",
            bandwidthGbPerS: row.bandwidth ?? 819,
            hasRdma: isRdma,
            cables: isRdma ? names.filter((other) => other !== name) : [],
          }),
        )
        const hive = planned(row, hosts, hosts.length)
        assert.equal(hive.mode, isRdma ? "tensor" : "pipeline")
        assertWithin(tokens, hive.prediction!.generation)
      })
})

function planned(row: Row, hosts: readonly FleetHost[], members: number): HivePlan {
  const model = layeredModel(new Array<number>(row.layers).fill((row.gigabytes * 1e9) / row.layers), {
    experts: row.experts === true ? { count: 128, used: 8 } : null,
    hiddenSize: 7168,
    heads: 64,
    ...(row.engine === "mlx" ? { format: "safetensors", architecture: "deepseek_v3" } : {}),
  })
  const rules = row.engine === "mlx" ? mlxRules : llamaCppRules
  const request = { contextTokens: 4096, slots: 1, kv: "f16", replicas: 1, members } as const
  const [hive] = hivesFor(model, new PreparedFleet({ hosts, links: [] }), rules, request)
  assert.ok(hive !== undefined)
  return hive
}

function assertWithin(tokens: number, { low, high }: Rate): void {
  assert.ok(low <= tokens && tokens <= high, `${tokens} is not within ${low.toFixed(1)} to ${high.toFixed(1)}`)
}
