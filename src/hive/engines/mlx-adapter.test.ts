import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { SOME_ORDER } from "../../../test/support/member-context.ts"
import type { HiveOrder } from "../order/hive-order.ts"
import type { EngineSite } from "./engine-adapter.ts"
import { mlxAdapter } from "./mlx-adapter.ts"

const NOW = "mlx-lm 0.32.2, mlx 0.32.4"

/** By rank: the first layer, how many. */
function site(
  members: readonly (readonly [number, number])[],
  changes: Partial<EngineSite> & Partial<Pick<HiveOrder, "kv" | "mode">> = {},
): EngineSite {
  const order: HiveOrder = {
    ...SOME_ORDER,
    engine: "mlx",
    mode: members.length === 1 ? "single" : "pipeline",
    projectorPath: null,
    members: members.map(([firstLayer, layers]) => ({ modelPath: "model", firstLayer, layers })),
  }
  for (const name of ["kv", "mode"] as const) if (name in changes) Object.assign(order, { [name]: changes[name] })
  const { rank = 0, version = NOW, hostFile = "/hosts.json", rdma = null } = changes
  return { order, rank, threads: 1, devices: [], help: "", version, cacheFolder: null, hostFile, rdma }
}

const EVEN = [
  [3, 3],
  [0, 3],
] as const
const UNEVEN = [
  [2, 3],
  [0, 2],
] as const

describe("MLX's adapter", () => {
  it("refuses layers that would be left out without a word, by the release", () => {
    assert.equal(mlxAdapter.lacks(site(EVEN, { version: "mlx-lm 0.31.3, mlx 0.32.1" })), null)
    assert.equal(mlxAdapter.lacks(site(UNEVEN)), null)
    for (const lm of ["0.31.3", "0.32.1", "main"])
      assert.match(mlxAdapter.lacks(site(UNEVEN, { version: `mlx-lm ${lm}, mlx 0.32.4` })) ?? "", /#1688/)
    assert.equal(mlxAdapter.lacks(site([[0, 5]], { version: "mlx-lm 0.31.3, mlx 0.31.0" })), null)
  })

  it("refuses rings that hang", () => {
    assert.match(mlxAdapter.lacks(site(EVEN, { version: "mlx-lm 0.32.2, mlx 0.32.0" })) ?? "", /#3862/)
  })

  it("refuses what MLX would do otherwise, or not at all", () => {
    assert.equal(mlxAdapter.refuses(site(UNEVEN)), null)
    const turned = [UNEVEN[1], UNEVEN[0]]
    assert.match(mlxAdapter.refuses(site(turned)) ?? "", /divides layers evenly/)
    assert.match(mlxAdapter.refuses(site(EVEN, { hostFile: null })) ?? "", /MLX_HOSTFILE/)
    assert.match(mlxAdapter.refuses(site([[0, 5]], { kv: "q8_0" })) ?? "", /quantised/)
    assert.equal(mlxAdapter.refuses(site([[0, 5]], { hostFile: null })), null)
  })

  it("has ranks meet over RDMA where the order says by which devices, each with the same file and its own rank", () => {
    const parts = [
      [0, 6],
      [0, 6],
    ] as const
    const rdma = { devicesFile: "/job/rdma-devices.json", coordinator: "10.0.0.1:5001" }
    for (const rank of [0, 1]) {
      const over = site(parts, { mode: "tensor", rank, rdma })
      const start = rank === 0 ? mlxAdapter.head(over, 4711, []) : mlxAdapter.worker(over, { address: "", port: 0 })
      const set = Object.entries(start?.environment ?? {}).filter(([name]) => /^MLX_|BACKEND|RANKS/.test(name))
      assert.deepEqual(Object.fromEntries(set.filter(([, value]) => value !== undefined)), {
        MLX_RANK: String(rank),
        MLX_IBV_DEVICES: "/job/rdma-devices.json",
        MLX_JACCL_COORDINATOR: "10.0.0.1:5001",
        WINDFALL_BACKEND: "jaccl",
        WINDFALL_RANKS: "2",
      })
      assert.ok(set.some(([name, value]) => name === "MLX_HOSTFILE" && value === undefined))
      assert.ok(!start?.arguments.includes("--pipeline"))
    }
    const ring = mlxAdapter.head(site(EVEN), 4711, []).environment
    assert.deepEqual([ring.WINDFALL_BACKEND, ring.MLX_IBV_DEVICES], ["ring", undefined])
    const inPipeline = site(EVEN)
    const rows = [
      [null, "rdma_en5"],
      ["rdma_en4", null],
    ]
    const order = { ...inPipeline.order, rdma: rows }
    assert.match(mlxAdapter.refuses({ ...inPipeline, order }) ?? "", /no pipeline/)
    const end = { exitCode: 1, signal: null }
    const meaning = mlxAdapter.explainEnd("worker", end, ["RuntimeError: [jaccl] Changing queue pair to RTR failed"])
    assert.deepEqual([meaning.code, /RTR failed/.test(meaning.reason)], ["unreachable", true])
  })

  it("says by rank where the others are, and takes away what would make a group of one process", () => {
    const one = mlxAdapter.head(site([[0, 5]]), 4711, [])
    assert.ok("MLX_RANK" in one.environment && one.environment.MLX_RANK === undefined)
    assert.equal(one.environment.WINDFALL_RANKS, "1")
    assert.ok(!one.arguments.join(" ").includes(SOME_ORDER.engineKey))
    assert.ok(!one.arguments.includes("--pipeline"))
    const two = mlxAdapter.worker(site(EVEN, { rank: 1 }), { address: "10.0.0.2", port: 1 })
    assert.deepEqual([two?.environment.MLX_RANK, two?.environment.MLX_HOSTFILE], ["1", "/hosts.json"])
    assert.ok(two?.arguments.includes("--pipeline"))
    assert.equal(two?.listens, null)
    assert.equal(mlxAdapter.worker(site(EVEN), { address: "10.0.0.1", port: 1 }), null)
    const parts = mlxAdapter.head(
      site(
        [
          [0, 5],
          [0, 5],
        ],
        { mode: "tensor" },
      ),
      4711,
      [],
    )
    assert.ok(!parts.arguments.includes("--pipeline"))
  })

  it("tells causes from what follows from them", () => {
    const end = (role: "head" | "worker", line: string, exitCode: number | null = 70, signal: string | null = null) =>
      mlxAdapter.explainEnd(role, { exitCode, signal }, [line]).code
    const died = "ERROR - mlx_lm.server generation thread died:"
    assert.equal(end("head", `${died} [ring] connection to a peer was lost`), "member_lost")
    assert.equal(end("worker", "terminate called without an active exception", null, "SIGABRT"), "member_lost")
    assert.equal(end("worker", "", 0), "member_lost")
    assert.equal(end("worker", "", null, "SIGKILL"), "engine_ended")
    assert.equal(end("head", `${died} Model type foo not supported.`), "model_refused")
    const later = `Prompt Cache: 1 sequences, 0.00 GB\n${died} bad luck`
    assert.equal(end("head", later), "engine_ended")
    assert.equal(end("head", `${died} [metal::malloc] Insufficient Memory`), "out_of_memory")
    assert.equal(end("head", "OSError: [Errno 98] Address already in use", 1), "port_taken")
    assert.equal(end("head", "ImportError: libmlx.so: cannot open shared object file", 1), "engine_missing")
    assert.equal(
      end("head", "AttributeError: module 'mlx_lm.server' has no attribute 'APIHandler'", 1),
      "engine_missing",
    )
  })

  it("reads versions, tokens and progress, and nothing from what is none", () => {
    assert.equal(mlxAdapter.readVersion(`warning\n${NOW}\n`), NOW)
    assert.equal(mlxAdapter.readVersion("No module named 'mlx_lm'"), null)
    assert.equal(mlxAdapter.http.canaryTokens({ usage: { completion_tokens: 2 } }), 2)
    assert.equal(mlxAdapter.http.canaryTokens(null), 0)
    assert.deepEqual(mlxAdapter.http.progress({ busy: 2, steps: 40 }), { busy: 2, mark: "40" })
    assert.equal(mlxAdapter.http.progress(null).busy, 0)
  })
})
