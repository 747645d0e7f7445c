import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { type LimitedJob, type LimitRules, startHits, submitHits } from "./limit-check.ts"
import { limitText } from "./limit-words.ts"
import { type Counts, type LayerKind, type LimitLayer, type Limits, limitsInForce, orderLayers } from "./limits.ts"

const NONE: Counts = { runningJobs: 0, submittedJobs: 0, resources: {} }
const GROUP = { ...NONE, minutes: {}, runningMinutes: {}, wallMinutes: 0 }

type Given = Partial<LimitLayer["counts"]["group"]>

function layer(kind: LayerKind, limits: Limits = {}, group: Given = {}, user: Partial<Counts> = {}): LimitLayer {
  return {
    kind,
    name: `${kind}1`,
    limits,
    counts: { group: { ...GROUP, ...group }, user: { ...NONE, ...user }, account: NONE },
  }
}

const JOB: LimitedJob = {
  resources: { cpu: 4, gpu: 1 },
  resourcesPerHost: { cpu: 4, gpu: 1 },
  hosts: 1,
  timeLimitMinutes: 60,
}

/** The reasons of a job that would start under these layers. */
function reasons(layers: readonly LimitLayer[], job: Partial<LimitedJob> = {}, rules?: LimitRules): string[] {
  return startHits({ ...JOB, ...job }, layers, rules).map(limitText)
}

function inForce(layers: readonly LimitLayer[]): string[] {
  return limitsInForce(layers).map(({ scope, limit, resource, most, layer: { kind } }) =>
    [scope, limit, resource, most, kind].filter((part) => part !== null).join(" "),
  )
}

describe("orderLayers()", () => {
  it("is the partition's QOS, the job's QOS, user, accounts upwards, root, partition", () => {
    const all = {
      partitionQos: layer("partition_qos"),
      qos: layer("qos"),
      user: layer("user"),
      accounts: [layer("account"), { ...layer("account"), name: "above" }],
      root: layer("root"),
      partition: layer("partition"),
    }
    const names = (layers: readonly LimitLayer[]) => layers.map(({ name }) => name)
    const rest = ["user1", "account1", "above", "root1", "partition1"]
    assert.deepEqual(names(orderLayers(all)), ["partition_qos1", "qos1", ...rest])
    assert.deepEqual(names(orderLayers({ ...all, qosOverPartitionQos: true })), ["qos1", "partition_qos1", ...rest])
    assert.deepEqual(names(orderLayers({ ...all, qos: null })), ["partition_qos1", ...rest])
  })
})

describe("limitsInForce()", () => {
  it("takes the documented example: 20 running jobs by the partition's QOS, 50 submitted by the user", () => {
    const layers = [
      layer("partition_qos", { user: { runningJobs: 20 } }),
      layer("user", { user: { runningJobs: 4, submittedJobs: 50 } }),
    ]
    assert.deepEqual(inForce(layers), ["user runningJobs 20 partition_qos", "user submittedJobs 50 user"])
  })

  it("holds groups at every layer, and resources each by itself", () => {
    const layers = [
      layer("qos", { group: { runningJobs: 9 }, job: { resources: { gpu: 1 } } }),
      layer("account", { group: { runningJobs: 5 }, job: { resources: { gpu: 4, cpu: 16 } } }),
      layer("root", { group: { runningJobs: 7 } }),
    ]
    assert.deepEqual(inForce(layers), [
      "group runningJobs 9 qos",
      "job resources gpu 1 qos",
      "group runningJobs 5 account",
      "job resources cpu 16 account",
      "group runningJobs 7 root",
    ])
  })

  it("keeps a partition's bounds of time and hosts beside the others, unless a QOS is above them", () => {
    const qos = layer("qos", { job: { wallMinutes: 600, maxHosts: 4 } })
    const partition = layer("partition", { job: { wallMinutes: 60, maxHosts: 2, resources: { gpu: 1 } } })
    assert.deepEqual(inForce([qos, partition]), [
      "job maxHosts 4 qos",
      "job wallMinutes 600 qos",
      "job maxHosts 2 partition",
      "job resources gpu 1 partition",
      "job wallMinutes 60 partition",
    ])
    assert.deepEqual(inForce([{ ...qos, overridesPartition: ["wallMinutes"] }, partition]).slice(2), [
      "job maxHosts 2 partition",
      "job resources gpu 1 partition",
    ])
  })
})

describe("startHits()", () => {
  it("gives the first in order first", () => {
    const layers = [
      layer("qos", { group: { resources: { gpu: 2 } } }, { resources: { gpu: 2 } }),
      layer("user", { user: { runningJobs: 4 } }, {}, { runningJobs: 4 }),
      layer("account", { group: { runningJobs: 1 } }, { runningJobs: 1 }),
    ]
    assert.deepEqual(reasons(layers), [
      "QOS qos1 allows 2 gpu: 2 now, 1 asked for",
      "user user1 allows 4 running jobs to one user: 4 now, 1 asked for",
      "account account1 allows 1 running job: 1 now, 1 asked for",
    ])
  })

  it("lets in what just fits, and what asks for nothing of what is short", () => {
    assert.deepEqual(reasons([layer("user", { user: { runningJobs: 4 } }, {}, { runningJobs: 3 })]), [])
    assert.deepEqual(reasons([layer("root", { group: { resources: { gpu: 3 } } }, { resources: { gpu: 2 } })]), [])
    const taken = layer("root", { group: { resources: { gpu: 1 } } }, { resources: { gpu: 2 } })
    assert.deepEqual(reasons([taken], { resources: { cpu: 4 } }), [])
  })

  it("counts used minutes, and with safe also those to come", () => {
    const layers = (used: number) => [
      layer("account", { group: { minutes: { gpu: 100 } } }, { minutes: { gpu: used }, runningMinutes: { gpu: 30 } }),
    ]
    assert.deepEqual(reasons(layers(99)), [])
    assert.deepEqual(reasons(layers(100.123)), ["account account1 allows 100 gpu minutes: 100.12 now, 60 asked for"])
    assert.deepEqual(reasons(layers(10), {}, { safe: true }), [])
    assert.deepEqual(reasons(layers(11), {}, { safe: true }), [
      "account account1 allows 100 gpu minutes: 41 now, 60 asked for",
    ])
    assert.equal(startHits({ ...JOB, timeLimitMinutes: 101 }, layers(0), { safe: true })[0]?.lasting, true)
  })

  it("counts what running jobs may still use, and wall time", () => {
    const running = layer("root", { group: { runningMinutes: { gpu: 100 } } }, { runningMinutes: { gpu: 41 } })
    assert.deepEqual(reasons([running]), ["the pool allows 100 gpu minutes still to run: 41 now, 60 asked for"])
    const wall = (used: number) => [layer("root", { group: { wallMinutes: 100 } }, { wallMinutes: used })]
    assert.deepEqual(reasons(wall(99)), [])
    assert.deepEqual(reasons(wall(100)), ["the pool allows 100 minutes: 100 now, 60 asked for"])
    assert.deepEqual(reasons(wall(50), {}, { safe: true }), ["the pool allows 100 minutes: 50 now, 60 asked for"])
  })

  it("knows each job's own limits, and that they last", () => {
    const rows: [Limits["job"], Partial<LimitedJob>, string][] = [
      [{ wallMinutes: 30 }, {}, "partition partition1 allows 30 minutes to one job: 60 asked for"],
      [
        { wallMinutes: 30 },
        { timeLimitMinutes: null },
        "partition partition1 allows 30 minutes to one job: no time limit asked for",
      ],
      [{ maxHosts: 1 }, { hosts: 2 }, "partition partition1 allows 1 host to one job: 2 asked for"],
      [{ minHosts: 2 }, {}, "partition partition1 allows no less than 2 hosts to one job: 1 asked for"],
      [{ resources: { gpu: 0 } }, {}, "partition partition1 allows 0 gpu to one job: 1 asked for"],
      [{ minResources: { gpu: 2 } }, {}, "partition partition1 allows no less than 2 gpu to one job: 1 asked for"],
      [{ resourcesPerHost: { cpu: 2 } }, {}, "partition partition1 allows 2 cpu a host to one job: 4 asked for"],
      [
        { resources: { memory: 32 } },
        { resources: { memory: 40 } },
        "partition partition1 allows 32 GiB memory to one job: 40 GiB asked for",
      ],
      [
        { minutes: { memory: 100 } },
        { resources: { memory: 40 } },
        "partition partition1 allows 100 GiB minutes of memory to one job: 2400 GiB minutes asked for",
      ],
      [{ minutes: { cpu: 239 } }, {}, "partition partition1 allows 239 cpu minutes to one job: 240 asked for"],
    ]
    for (const [limits, job, text] of rows) {
      const hits = startHits({ ...JOB, ...job }, [layer("partition", { job: limits ?? {} })])
      assert.deepEqual(hits.map(limitText), [text])
      assert.equal(hits[0]?.lasting, true)
    }
  })

  it("has all reasons there are and no other, each gone once its limit allows what is there, whatever the layers", () => {
    const most = fc.option(fc.nat(6), { nil: undefined })
    const counted = fc.record({
      runningJobs: fc.nat(5),
      submittedJobs: fc.nat(5),
      resources: fc.record({ gpu: fc.nat(5) }),
    })
    const drawn = fc.record({
      kind: fc.constantFrom<LayerKind>("qos", "user", "account", "root"),
      group: most,
      user: most,
      gpus: most,
      wall: most,
      counts: fc.tuple(counted, counted),
    })
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 5 }), fc.nat(6), (all, gpu) => {
        const layers = all.map(({ kind, group, user, gpus, wall, counts }): LimitLayer => {
          const limits: Limits = {
            group: group === undefined ? {} : { runningJobs: group },
            user: {
              ...(user === undefined ? {} : { runningJobs: user }),
              ...(gpus === undefined ? {} : { resources: { gpu: gpus } }),
            },
            job: wall === undefined ? {} : { wallMinutes: wall },
          }
          return layer(kind, limits, counts[0], counts[1])
        })
        const job: LimitedJob = { ...JOB, resources: { gpu }, timeLimitMinutes: 3 }
        const hits = startHits(job, layers)
        const first = (of: (one: (typeof all)[number]) => number | undefined) =>
          all.find((one) => of(one) !== undefined)
        const [byUser, byGpus, byWall] = [
          first(({ user }) => user),
          first(({ gpus }) => gpus),
          first(({ wall }) => wall),
        ]
        const expected = [
          ...all.filter(({ group, counts }) => group !== undefined && counts[0].runningJobs + 1 > group),
          ...(byUser !== undefined && byUser.counts[1].runningJobs + 1 > byUser.user! ? [byUser] : []),
          ...(byGpus !== undefined && gpu > 0 && byGpus.counts[1].resources.gpu + gpu > byGpus.gpus! ? [byGpus] : []),
          ...(byWall !== undefined && byWall.wall! < 3 ? [byWall] : []),
        ]
        assert.equal(hits.length, expected.length)
        for (const hit of hits) {
          const at = layers.indexOf(hit.layer)
          const of = hit.layer.limits[hit.scope] ?? {}
          const enough = hit.resource === null ? hit.have + hit.asked : { [hit.resource]: hit.have + hit.asked }
          const eased = { ...hit.layer, limits: { ...hit.layer.limits, [hit.scope]: { ...of, [hit.limit]: enough } } }
          assert.equal(startHits(job, layers.with(at, eased)).length, hits.length - 1)
        }
      }),
    )
  })
})

describe("submitHits()", () => {
  it("refuses one job more than may wait and run, and what would wait for ever only where a QOS says so", () => {
    const user = layer("user", { user: { submittedJobs: 3 }, job: { wallMinutes: 30 } }, {}, { submittedJobs: 2 })
    const texts = (layers: readonly LimitLayer[], count?: number) => submitHits(JOB, layers, count).map(limitText)
    assert.deepEqual(texts([user]), [])
    assert.deepEqual(texts([user], 2), ["user user1 allows 3 jobs waiting or running to one user: 2 now, 2 asked for"])
    assert.deepEqual(texts([{ ...layer("qos"), deniesOnLimit: true }, user]), [
      "user user1 allows 30 minutes to one job: 60 asked for",
    ])
  })
})
