import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { fleetOf, layeredModel, mac } from "../../../test/support/hive-fleets.ts"
import type { HostEngine } from "../../protocol/host-engines.ts"
import { cannotBuild, engineSource } from "../engines/engine-source.ts"
import { llamaCppRules } from "../engines/llama-cpp.ts"
import { mlxRules } from "../engines/mlx.ts"
import { MLX_BUILT_VERSION, MLX_LM_RELEASE } from "../engines/mlx-release.ts"
import { type EngineHost, type EngineHosts, withEngines } from "../fleet/engine-hosts.ts"
import type { Fleet } from "../fleet/fleet.ts"
import { engineAdvice, withEqualEngines } from "./equal-engines.ts"
import { hivesFor } from "./hives-for.ts"
import { PreparedFleet } from "./prepared-fleet.ts"

const GIB = 1024 ** 3
const REQUEST = { contextTokens: 512, slots: 1, kv: "f16", replicas: 1, members: null } as const
const MAC = { system: "macOS 26.1", arch: "arm64" }
const SAME = "mlx-lm 0.32.2, mlx 0.32.1"

function known(
  engine: HostEngine["engine"],
  versions: Readonly<Record<string, string | null | undefined>>,
): EngineHosts {
  const hosts = new Map<string, EngineHost>()
  for (const [name, version] of Object.entries(versions)) {
    const engines = version === undefined ? null : version === null ? [] : [{ engine, version }]
    hosts.set(name, { facts: MAC, engines, rdma: null })
  }
  return hosts
}

describe("engines that hosts have", () => {
  const model = layeredModel(Array(16).fill(5 * GIB))
  const plan = (fleet: Fleet) => hivesFor(model, new PreparedFleet(fleet), llamaCppRules, REQUEST)
  const names = (fleet: Fleet) =>
    plan(fleet)[0]
      ?.members.map(({ host }) => host.name)
      .toSorted()
  const usable = (fleet: Fleet) => fleet.hosts.flatMap(({ name, excluded }) => (excluded === null ? [name] : []))

  it("leave out a Mac that lacks llama.cpp, and none of which nothing is known", () => {
    const fleet = fleetOf(mac("a", 64), mac("b", 64), mac("c", 64))
    const hosts = known("llama.cpp", { a: null, b: "1", c: undefined })
    const found = withEngines(fleet, "llama.cpp", hosts)
    assert.deepEqual(usable(found), ["b", "c"])
    assert.match(found.hosts[0]?.excluded ?? "", /^it has no llama\.cpp: unpack .* no administrator/)
  })

  it("are the same on all Macs of a split, and of several the one with which the plan is best", () => {
    const fleet = fleetOf(mac("a", 64), mac("b", 64), mac("c", 48), mac("d", 48))
    assert.deepEqual(names(fleet), ["b", "d"])
    const mixed = known("llama.cpp", { a: "1", b: "2", c: "2", d: "1" })
    const equal = withEqualEngines(fleet, "llama.cpp", mixed, plan)
    assert.deepEqual(names(equal), ["a", "d"])
    assert.match(
      equal.hosts[1]?.excluded ?? "",
      /^its llama\.cpp is 2, that of others 1: members of one hive must have/,
    )
    // One Mac whose engine is another one can still have a model alone, and nothing is said of it.
    const alone = layeredModel([GIB])
    const small = (on: Fleet) => hivesFor(alone, new PreparedFleet(on), llamaCppRules, REQUEST)
    assert.equal(withEqualEngines(fleet, "llama.cpp", mixed, small), fleet)
    const none = withEqualEngines(fleet, "llama.cpp", known("llama.cpp", { a: "1", b: "2", c: "3", d: "4" }), plan)
    assert.deepEqual([plan(none).length, usable(none).length], [0, 1])
  })

  it("let MLX be built where it lacks, differs, or would lose layers; else what lies there is used", () => {
    const source = (versions: readonly (string | null)[], isUneven = false) => engineSource("mlx", versions, isUneven)
    assert.deepEqual(
      [
        source(["mlx-lm 0.32.0, mlx 0.32.0"]),
        source([SAME, SAME], true),
        source(["mlx-lm 0.32.1, mlx 0.32.1", "mlx-lm 0.32.1, mlx 0.32.1"]),
        engineSource("llama.cpp", [null], false),
      ],
      ["own", "own", "own", "own"],
    )
    for (const [versions, isUneven] of [
      [[null], false],
      [[SAME, null], false],
      [[SAME, MLX_BUILT_VERSION], false],
      [["mlx-lm 0.31.2, mlx 0.32.1"], false],
      [["mlx-lm 0.32.0, mlx 0.32.0", "mlx-lm 0.32.0, mlx 0.32.0"], false],
      [["mlx-lm 0.32.1, mlx 0.32.1", "mlx-lm 0.32.1, mlx 0.32.1"], true],
    ] as const)
      assert.equal(source(versions, isUneven), "built", JSON.stringify(versions))
  })

  it("have parts of layers planned where RDMA leads from each to each other, and not where it only seems so", () => {
    const model = layeredModel(Array(16).fill(5 * GIB), { format: "safetensors", architecture: "qwen2" })
    const on = (fleet: Fleet) => hivesFor(model, new PreparedFleet(fleet), mlxRules, REQUEST)
    const cabled = (ends: Readonly<Record<string, readonly [string, string]>>): EngineHosts =>
      new Map(
        Object.entries(ends).map(([name, [domain, peer]]) => {
          return [name, { facts: MAC, engines: null, rdma: [{ device: "rdma_en5", domain, peer }] }]
        }),
      )
    const found = (hosts: EngineHosts, macs = [mac("a", 64), mac("b", 64)]) => {
      const fleet = withEngines(fleetOf(...macs), "mlx", hosts)
      return on(withEqualEngines(fleet, "mlx", hosts, on))[0]?.mode
    }
    assert.equal(found(cabled({ a: ["A", "B"], b: ["B", "A"] })), "tensor")
    assert.equal(found(cabled({ a: ["A", "B"], b: ["B", "C"] })), "pipeline")
    assert.equal(found(known("mlx", { a: SAME, b: SAME })), "pipeline")
    // Each is cabled by RDMA to a third, and to each other by a cable without.
    const others = [mac("a", 64, { cables: ["b"] }), mac("b", 64, { cables: ["a"] }), mac("c", 8), mac("d", 8)]
    const apart = cabled({ a: ["A", "C"], b: ["B", "D"], c: ["C", "A"], d: ["D", "B"] })
    assert.equal(found(apart, others), "pipeline")
  })

  it("say what is built, and where it cannot be", () => {
    const fleet = fleetOf(mac("a", 64), mac("b", 64))
    const hosts = known("mlx", { a: null, b: SAME })
    const safe = layeredModel(Array(8).fill(10 * GIB), { format: "safetensors", architecture: "qwen2" })
    const found = withEngines(fleet, "mlx", hosts)
    assert.deepEqual(
      found.hosts.map(({ mlxLm }) => mlxLm),
      [MLX_LM_RELEASE, MLX_LM_RELEASE],
    )
    const [hive] = hivesFor(safe, new PreparedFleet(found), mlxRules, REQUEST)
    assert.equal(hive?.members.length, 2)
    assert.match(
      engineAdvice(hive!, hosts)[0] ?? "",
      /^Windfall builds mlx-lm .*there is no MLX on a; there is b mlx-lm/,
    )
    assert.deepEqual(engineAdvice(hive!, known("mlx", { a: SAME, b: SAME })), [])
    assert.match(engineAdvice(hive!, known("mlx", { a: undefined, b: undefined }))[0] ?? "", /unless they all have/)
    const old = new Map([["a", { facts: { ...MAC, system: "macOS 13.6" }, engines: [], rdma: null }]])
    assert.match(withEngines(fleet, "mlx", old).hosts[0]?.excluded ?? "", /needs macOS 14, and it has 13$/)
    assert.match(cannotBuild({ system: "macOS 14.1", arch: "x64" }) ?? "", /Intel/)
    assert.equal(cannotBuild({ system: "Debian GNU/Linux 12", arch: "x64" }), null)
  })
})
