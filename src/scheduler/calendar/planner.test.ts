import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { HostId, JobId } from "../../protocol/ids.ts"
import type { Need, Pieces } from "./need.ts"
import { planCalendar } from "./planner.ts"
import type { Booking, PlannerHost, PlannerJob, PlannerScene } from "./planner-scene.ts"

const MINUTE_MS = 60_000
const GIB = 1024 ** 3
/** A full minute of the clock on the wall. */
const FULL_MS = Date.parse("2026-11-27T09:00:00Z")

const hosts = (count: number): PlannerHost[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `mac${at + 1}` as HostId,
    total: { memoryBytes: 64 * GIB, gpus: 1, cores: 1 },
    weight: 1,
  }))

type Row = readonly [id: number, count: number, limitMinutes: number, more?: Partial<PlannerJob>]

const job = ([id, count, limitMinutes, more]: Row): PlannerJob => ({
  id: id as JobId,
  hosts: count,
  need: "whole",
  pieces: {},
  allowed: null,
  limitMs: limitMinutes * MINUTE_MS,
  ...more,
})

const scene = (count: number, rows: readonly Row[], more: Partial<PlannerScene> = {}): PlannerScene => ({
  hosts: hosts(count),
  pieces: {},
  running: [],
  waiting: rows.map(job),
  bookings: [],
  ...more,
})

/** `RUN mac[1-2]`, `+3600 mac3`, `none`. */
function shown(given: PlannerScene, nowMs: number): string[] {
  return planCalendar(given, nowMs).map((planned) => {
    if (planned.state === "none") return "none"
    const when = planned.state === "start" ? "RUN" : `+${(planned.startMs - nowMs) / 1000}`
    return `${when} ${hostRange(planned.hosts)}`
  })
}

function hostRange(ids: readonly string[]): string {
  const numbers = ids.map((id) => Number(id.slice(3)))
  const [first = 0, last = 0] = [numbers[0], numbers.at(-1)]
  if (numbers.length === 1) return `mac${first}`
  return last - first === numbers.length - 1 ? `mac[${first}-${last}]` : `mac[${numbers.join()}]`
}

describe("the vectors of Slurm's planner on four Macs", () => {
  const vectors: [id: string, rows: Row[], byClock: Record<number, string[]>][] = [
    [
      "BF-1",
      [
        [1, 2, 60],
        [2, 4, 30],
        [3, 2, 60],
        [4, 2, 61],
        [5, 1, 45],
        [6, 1, 120],
      ],
      {
        0: ["RUN mac[1-2]", "+3600", "+5400 mac[1-2]", "+5400 mac[3-4]", "RUN mac3", "+9000"],
        1: ["RUN mac[1-2]", "+3659", "RUN mac[3-4]", "+5459 mac[1-2]", "+5459 mac3", "+5459 mac4"],
        59: ["RUN", "+3601", "RUN", "+5401", "+5401", "+5401"],
      },
    ],
    [
      "BF-2",
      [
        [1, 4, 10],
        [2, 1, 10],
        [3, 4, 10],
        [4, 3, 10],
        [5, 1, 20],
        [6, 1, 10],
      ],
      {
        0: ["RUN", "+600 mac1", "+1200", "+1800 mac[1-3]", "+1800 mac4", "+2400 mac1"],
        1: ["RUN", "+659", "+1259", "+1859", "+1859", "+2459"],
      },
    ],
    [
      "BF-3",
      [
        [1, 3, 100],
        [2, 2, 50],
        [3, 1, 100],
        [4, 1, 101],
        [5, 1, 99],
        [6, 4, 1440],
        [7, 1, 10],
      ],
      {
        0: ["RUN mac[1-3]", "+6000 mac[1-2]", "RUN mac4", "+6000 mac3", "+6000 mac4", "+12060 mac[1-4]", "+9000 mac1"],
        1: ["RUN", "+6059", "RUN", "+6059", "+6059", "+12119", "+9059"],
      },
    ],
    [
      "BF-7",
      [
        [1, 3, 60],
        [2, 4, 60],
        [3, 1, 60],
        [4, 1, 61],
      ],
      // What would end exactly when the reservation begins is not started.
      { 0: ["RUN", "+3600", "+7200 mac1", "+7200 mac2"], 1: ["RUN", "+3659", "RUN mac4", "+7259"] },
    ],
  ]
  for (const [id, rows, byClock] of vectors) {
    for (const [second, expected] of Object.entries(byClock)) {
      it(`${id}, ${second} s past the minute`, () => {
        const all = shown(scene(4, rows), FULL_MS + Number(second) * 1000)
        assert.deepEqual(
          all.map((text, at) => (expected[at]?.includes(" ") ? text : text.split(" ")[0])),
          expected,
        )
      })
    }
  }
})

describe("Slurm's own test of its planner, on 32 hosts", () => {
  const states = (given: PlannerScene, nowMs = FULL_MS) => shown(given, nowMs).map((text) => text.split(" ")[0])

  it("backfill_1", () => {
    const rows: Row[] = [
      [1, 1, 10],
      [2, 32, 10],
      [3, 31, 5],
    ]
    assert.deepEqual(states(scene(32, rows)), ["RUN", "+600", "RUN"])
    assert.deepEqual(states(scene(32, rows), FULL_MS + 9000), ["RUN", "+651", "RUN"])
  })

  it("backfill_3: of a thousand jobs five hundred get a time", () => {
    const rows = Array.from({ length: 1000 }, (_, at): Row => [at + 1, 1 + (at % 32), 1 + (at % 7)])
    assert.equal(planCalendar(scene(32, rows, {}), FULL_MS).filter(({ state }) => state !== "none").length, 500)
  })

  const licensed = (rows: readonly Row[], wanted: (number: number) => Pieces, pieces: Pieces) =>
    states({ ...scene(32, rows), waiting: rows.map(job).map((each) => ({ ...each, pieces: wanted(each.id) })), pieces })

  it("lic_1: one licence, which the fourth job does not need", () => {
    const rows = [1, 2, 3, 4].map((id): Row => [id, 1, 10])
    assert.deepEqual(
      licensed(rows, (id) => (id === 4 ? {} : { lic1: 1 }), { lic1: 1 }),
      ["RUN", "+600", "+1200", "RUN"],
    )
  })

  it("lic_2: six licences and twelve jobs", () => {
    const rows = Array.from({ length: 12 }, (_, at): Row => [at + 1, 1, 10])
    const expected = [...Array(6).fill("RUN"), ...Array(6).fill("+600")]
    assert.deepEqual(
      licensed(rows, () => ({ lic2: 1 }), { lic2: 6 }),
      expected,
    )
  })

  it("never plans what needs more licences than there are, or one that is not there", () => {
    assert.deepEqual(
      licensed([[1, 1, 10]], () => ({ lic2: 7 }), { lic2: 6 }),
      ["none"],
    )
    assert.deepEqual(
      licensed([[1, 1, 10]], () => ({ lic3: 1 }), { lic2: 6 }),
      ["none"],
    )
  })
})

describe("planCalendar()", () => {
  const memory = (gib: number): Need => ({ memoryBytes: gib * GIB, gpus: 0, cores: 0 })

  it("puts jobs beside each other on a host as far as its memory goes", () => {
    const rows: Row[] = [
      [1, 1, 60, { need: memory(40) }],
      [2, 1, 60, { need: memory(30) }],
      [3, 1, 30, { need: memory(20) }],
      [4, 1, 30, { need: "whole" }],
      [5, 1, 500, { need: memory(4) }],
    ]
    assert.deepEqual(shown(scene(1, rows), FULL_MS), ["RUN mac1", "+3600 mac1", "RUN mac1", "+7200 mac1", "+9000 mac1"])
  })

  it("sees what runs, to its limit, and a moment longer what is past it", () => {
    const running = (endMs: number) => ({ hosts: ["mac1" as HostId], need: "whole" as const, pieces: {}, endMs })
    const at = (endMs: number) => shown(scene(1, [[1, 1, 10]], { running: [running(endMs)] }), FULL_MS + 5000)[0]
    assert.equal(at(FULL_MS + 90_000), "+115 mac1")
    assert.equal(at(FULL_MS - 90_000), "+55 mac1")
    assert.equal(at(Number.POSITIVE_INFINITY), "none")
  })

  it("holds no job without a limit to an end", () => {
    const rows: Row[] = [
      [1, 1, Number.POSITIVE_INFINITY],
      [2, 1, 10],
    ]
    assert.deepEqual(shown(scene(1, rows), FULL_MS), ["RUN mac1", "none"])
  })

  it("plans only on hosts that a job may use", () => {
    const only = { allowed: new Set(["mac3" as HostId]) }
    const rows: Row[] = [
      [1, 1, 10, only],
      [2, 1, 10, only],
      [3, 2, 10, only],
      [4, 3, 10],
    ]
    assert.deepEqual(shown(scene(4, rows), FULL_MS), ["RUN mac3", "+600 mac3", "none", "RUN mac[1,2,4]"])
  })

  it("keeps booked hosts for those they are booked for", () => {
    const booking: Booking = {
      hosts: new Set(["mac1" as HostId]),
      startMs: FULL_MS + 60 * MINUTE_MS,
      endMs: FULL_MS + 90 * MINUTE_MS,
      admits: new Set([9 as JobId]),
    }
    const at = (...rows: Row[]) => shown(scene(1, rows, { bookings: [booking] }), FULL_MS)
    // Ending as it begins is in time; a minute later is not.
    assert.deepEqual(at([1, 1, 60]), ["RUN mac1"])
    assert.deepEqual(at([1, 1, 61]), ["+5400 mac1"])
    assert.deepEqual(at([9, 1, 61]), ["RUN mac1"])
    assert.deepEqual(at([1, 1, 61], [2, 1, 60], [3, 1, 60]), ["+5400 mac1", "RUN mac1", "+9060 mac1"])
  })

  it("takes the lightest host, and several from the smallest run of neighbours that is enough", () => {
    const weights = (...all: number[]) => hosts(all.length).map((host, at) => ({ ...host, weight: all[at] ?? 1 }))
    assert.deepEqual(shown(scene(3, [[1, 1, 10]], { hosts: weights(3, 1, 2) }), FULL_MS), ["RUN mac2"])
    assert.deepEqual(shown(scene(4, [[1, 2, 10]], { hosts: weights(2, 2, 1, 1) }), FULL_MS), ["RUN mac[3-4]"])
    const busy = (id: string) => ({
      hosts: [id as HostId],
      need: "whole" as const,
      pieces: {},
      endMs: FULL_MS + 3_600_000,
    })
    const apart = { running: [busy("mac2"), busy("mac6")] }
    assert.deepEqual(shown(scene(9, [[1, 2, 10]], apart), FULL_MS), ["RUN mac[3-4]"])
    assert.deepEqual(shown(scene(9, [[1, 3, 10]], apart), FULL_MS), ["RUN mac[3-5]"])
    assert.deepEqual(shown(scene(9, [[1, 4, 10]], apart), FULL_MS), ["RUN mac[1,3,4,5]"])
    assert.deepEqual(shown(scene(9, [[1, 5, 10]], apart), FULL_MS), ["RUN mac[3,4,5,7,8]"])
  })

  it("plans no further ahead than its window, and no deeper than it is told", () => {
    const rules = { gridMs: MINUTE_MS, windowMs: 60 * MINUTE_MS, depth: 3 }
    const rows = [1, 2, 3, 4].map((id): Row => [id, 1, 40])
    const states = planCalendar(scene(1, rows), FULL_MS, rules).map(({ state }) => state)
    assert.deepEqual(states, ["start", "reserved", "none", "none"])
  })
})
