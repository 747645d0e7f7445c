import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { fleetRules } from "../../cli/hive/fleet-rules.ts"
import type { Fleet } from "./fleet.ts"
import { readFleet } from "./read-fleet.ts"
import { Ways } from "./way.ts"

const GIB = 1024 ** 3

function fleet(value: unknown): Fleet {
  const read = readFleet(value, fleetRules)
  assert.deepEqual(read.problems, null)
  return read.fleet as Fleet
}

function problems(value: unknown): string {
  return readFleet(value, fleetRules).problems?.join("\n") ?? ""
}

describe("a described fleet", () => {
  it("knows chips, budgets and names", () => {
    const { hosts } = fleet({
      hosts: [
        { name: "studio", chip: "M3 Ultra", gpuCores: 80, memory: "96G", network: "10GbE" },
        { name: "mini", count: 2, chip: "Apple M4", memory: "32G", owner: "anna", network: "wifi" },
        { name: "set", chip: "M4 Max", gpu_cores: 40, memory: "64G", workingSet: "60G", keep: "8G" },
        { name: "busy", chip: "M2", memory: "24G", available: "3G" },
        { name: "box", system: "linux", memory: "64G" },
      ],
    })
    assert.deepEqual(
      hosts.map(({ name, bandwidthGbPerS, budgetBytes }) => [name, bandwidthGbPerS, budgetBytes / GIB]),
      [
        ["studio", 819, 72],
        ["mini-1", 120, Math.floor((64 / 3) * GIB) / GIB],
        ["mini-2", 120, Math.floor((64 / 3) * GIB) / GIB],
        ["set", 546, 56],
        ["busy", 100, 3],
        ["box", null, 56],
      ],
    )
    assert.equal(hosts[1]!.keptBytes, 4 * GIB)
  })

  it("knows the ways between hosts", () => {
    const described = fleet({
      hosts: [
        { name: "a", memory: "64G", network: "10GbE", cables: ["b"] },
        { name: "b", memory: "64G", network: "1GbE" },
        { name: "c", memory: "64G", network: "wifi" },
        { name: "d", memory: "64G", network: { kind: "ethernet", mbps: 2500 } },
      ],
      links: [{ between: ["a", "c"], kind: "wifi", mbps: 220, roundTripMs: 9 }],
    })
    const ways = new Ways(described)
    const [a, b, c, d] = described.hosts as [never, never, never, never]
    assert.deepEqual([ways.between(a, b).kind, ways.between(b, d).mbps], ["thunderbolt", 940])
    assert.deepEqual(ways.between(c, a), { kind: "wifi", mbps: 220, roundTripMs: 9, isMeasured: true })
    assert.equal(ways.between(c, d).kind, "wifi")
  })

  it("knows chips however they are written, and of one that was sold with other GPUs the smaller speed", () => {
    const typed = ["M2Ultra", "apple m3-max", "M4 Pro chip", " m1 ", "M4_Max", "M9 Giga"]
    const { hosts } = fleet(typed.map((chip, at) => ({ name: `mac-${at}`, chip, memory: "128 GB" })))
    assert.deepEqual(
      hosts.map(({ chip, bandwidthGbPerS }) => [chip, bandwidthGbPerS]),
      [
        ["Apple M2 Ultra", 800],
        ["Apple M3 Max", 300],
        ["Apple M4 Pro", 273],
        ["Apple M1", 68],
        ["Apple M4 Max", 410],
        ["M9 Giga", null],
      ],
    )
    const speeds = [20, 32, 36, 40, 48].map((gpuCores) => ({
      name: `m-${gpuCores}`,
      chip: "M4 Max",
      gpuCores,
      memory: "64G",
    }))
    assert.deepEqual(
      fleet(speeds).hosts.map(({ bandwidthGbPerS }) => bandwidthGbPerS),
      [410, 410, 410, 546, 546],
    )
  })

  it("is told each thing that is wrong once", () => {
    const bad = {
      memory: "lots",
      keep: "some",
      workingSet: "x",
      available: "y",
      network: "z",
      count: 1.5,
      gpuCores: 0.5,
    }
    const told = problems([{ name: "a", chip: "M1", ...bad }]).split("\n")
    assert.deepEqual([told.length, new Set(told).size], [Object.keys(bad).length, Object.keys(bad).length], told.join())
  })

  it("has each key once, however it is written, and none below 0", () => {
    const told = problems([{ name: "a", memory: "64G", gpuCores: 8, gpu_cores: 40, keep: -1 }])
    assert.match(told, /hosts\[0\]\.gpu_cores: is there twice, written in two ways/)
    assert.match(told, /hosts\[0\]\.keep: must not be below 0/)
    assert.equal(problems([{ name: "a", memory: "64G", gpuCores: null, gpu_cores: 40, keep: 0 }]), "")
  })

  it("has memory, and one link between two hosts", () => {
    for (const memory of [0, "0G", -5, "-5G", Number.NaN, true, "1e9T"])
      assert.match(problems([{ name: "a", memory }]), /hosts\[0\]\.memory: /, String(memory))
    const hosts = [
      { name: "a", memory: "64G" },
      { name: "b", memory: "64G" },
    ]
    const links = [
      { between: ["a", "b"], mbps: 100 },
      { between: ["b", "a"], mbps: 900 },
    ]
    assert.match(problems({ hosts, links }), /links\[1\]: a second one between b and a/)
  })

  it("is refused with all that is wrong", () => {
    const said = problems({
      hosts: [
        { name: "a", memory: 64, netwrk: "wifi" },
        { name: "a", memory: "64G", network: "pigeon", cables: ["nobody"], rdma: "yes" },
        { memory: "lots", gpuCores: 1.5, chip: "M1" },
        7,
      ],
      links: [{ between: ["a"] }, { between: ["a", "z"], mbps: -1 }],
    })
    for (const part of [
      /hosts\[0\]\.memory: has no unit/,
      /hosts\[0\]\.netwrk: is no key here: did you mean network\?/,
      /two are named a/,
      /hosts\[1\]\.network: "pigeon"/,
      /a cable to nobody/,
      /hosts\[1\]\.rdma/,
      /hosts\[2\]\.name: is missing/,
      /hosts\[2\]\.memory: "lots"/,
      /hosts\[2\]\.gpuCores: must be a whole number/,
      /hosts\[3\]: must be an object/,
      /links\[0\]\.between: must be two hosts/,
      /z is no host/,
      /links\[1\]\.mbps/,
    ])
      assert.match(said, part)
    for (const nothing of [null, 1, "x", {}, { hosts: [] }]) assert.notEqual(problems(nothing), "")
  })
})
