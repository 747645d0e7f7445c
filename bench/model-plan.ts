import { llamaCppRules } from "../src/hive/engines/llama-cpp.ts"
import { mlxRules } from "../src/hive/engines/mlx.ts"
import type { FleetHost } from "../src/hive/fleet/fleet.ts"
import type { ModelFacts } from "../src/hive/model/model-facts.ts"
import { hivesFor } from "../src/hive/plan/hives-for.ts"
import type { PlanRequest } from "../src/hive/plan/model-plan.ts"
import { planModel } from "../src/hive/plan/plan-model.ts"
import { PreparedFleet } from "../src/hive/plan/prepared-fleet.ts"
import { layeredModel, mac } from "../test/support/hive-fleets.ts"
import type { Benchmark } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const GIB = 1024 ** 3
const RUNS = 20
const HOSTS = 32
const MODELS = 100
const REQUEST: PlanRequest = { contextTokens: 32_768, slots: 4, kv: "f16", replicas: 1, members: null }

/** Chip, GB/s, sizes in GiB it is sold with. */
const CHIPS: readonly (readonly [string, number, readonly number[]])[] = [
  ["Apple M1", 68, [8, 16]],
  ["Apple M2 Pro", 200, [16, 32]],
  ["Apple M3 Max", 400, [36, 48, 64, 128]],
  ["Apple M4", 120, [16, 24, 32]],
  ["Apple M4 Pro", 273, [24, 48, 64]],
  ["Apple M4 Max", 546, [36, 64, 128]],
  ["Apple M3 Ultra", 819, [96, 256]],
]
const NETWORKS: readonly FleetHost["network"][] = [
  { kind: "ethernet", mbps: 10_000 },
  { kind: "ethernet", mbps: 1_000 },
  { kind: "wifi", mbps: null },
]

export const modelPlanBench: Benchmark = {
  name: "model-plan",
  about:
    "Plans of models on 32 Macs of seven chips, over cables and Wi-Fi, once warm: 100 models from 1 to 900 GB, dense and with experts, half of them for llama.cpp and half for MLX; who is better than whom is found out anew for each fleet. Then one of them with comparison and advice, as `model plan` prints it.",
  async run(): Promise<readonly Figure[]> {
    const random = numbers(7)
    const hosts = Array.from({ length: HOSTS }, (_, at): FleetHost => {
      const [chip, bandwidthGbPerS, sizes] = pick(random, CHIPS)
      return mac(`mac-${at}`, pick(random, sizes), {
        chip,
        bandwidthGbPerS,
        network: pick(random, NETWORKS),
        mlxLm: "0.32.2",
      })
    })
    const models = Array.from({ length: MODELS }, (_, at) => model(random, at))
    const once = () => {
      const fleet = new PreparedFleet({ hosts, links: [] })
      return models.filter((one) => hivesFor(one, fleet, rulesOf(one), REQUEST).length > 0).length
    }
    const fitting = once()
    for (let run = 0; run < RUNS / 4; run++) once()
    const all = timed(once)
    const single = timed(() => {
      for (const one of models.slice(0, 10))
        planModel(one, new PreparedFleet({ hosts, links: [] }), rulesOf(one), REQUEST)
    })
    return [
      {
        what: `${MODELS} models on ${HOSTS} hosts (${fitting} fit)`,
        unit: "ms",
        values: all,
        bounds: [{ of: "median", most: 50 }],
      },
      { what: "one plan with comparison and advice", unit: "ms", values: single.map((ms) => ms / 10), bounds: [] },
    ]
  },
}

function rulesOf({ format }: ModelFacts) {
  return format === "gguf" ? llamaCppRules : mlxRules
}

function timed(work: () => unknown): number[] {
  return Array.from({ length: RUNS }, () => {
    const startedMs = performance.now()
    work()
    return performance.now() - startedMs
  })
}

/** Sizes spread evenly over powers of two; some layers larger, as mixed quantisations have them. */
function model(random: () => number, at: number): ModelFacts {
  const count = 24 + Math.floor(random() * 70)
  const bytes = 2 ** (random() * 9.8) * GIB
  const hasExperts = random() < 0.4
  const isMlx = at % 2 === 1
  const each = Array.from({ length: count }, (_, layer) =>
    Math.round((bytes / count) * (layer % 3 === 0 ? 1.15 : 0.93)),
  )
  const made = layeredModel(each)
  const kept = 1024
  return {
    ...made,
    format: isMlx ? "safetensors" : "gguf",
    architecture: isMlx ? "qwen3_moe" : "llama",
    layers: made.layers.map((layer) => ({
      ...layer,
      activeBytes: hasExperts ? layer.bytes / 8 : layer.bytes,
      cache: [
        {
          kind: "attention",
          keyElements: kept,
          valueElements: kept,
          windowTokens: layer.bytes % 2 === 0 ? 4096 : null,
        },
      ],
    })),
    embeddingBytes: GIB / 2,
    outputBytes: GIB / 2,
    experts: hasExperts ? { count: 64, used: 8 } : null,
  }
}

function pick<T>(random: () => number, all: readonly T[]): T {
  return all[Math.floor(random() * all.length)] as T
}

/** The same numbers at each run. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
