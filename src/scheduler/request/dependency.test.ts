import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { AFTER_KINDS, type Dependency, dependencyText, readDependency } from "./dependency.ts"
import { type DependencyView, dependencyState, type Progress } from "./dependency-state.ts"

const NOW_MS = 3_600_000

describe("readDependency()", () => {
  it("reads all that Slurm documents", () => {
    const job = (number: number, task: number | null = null, delayMinutes = 0) => ({ job: number, task, delayMinutes })
    assert.deepEqual(readDependency("afterok:12:13"), {
      needs: "all",
      terms: [{ kind: "afterok", jobs: [job(12), job(13)] }],
    })
    assert.deepEqual(readDependency("after:12+10,singleton"), {
      needs: "all",
      terms: [{ kind: "after", jobs: [job(12, null, 10)] }, { kind: "singleton" }],
    })
    assert.deepEqual(readDependency("afterany:20_4?AFTERNOTOK:7"), {
      needs: "any",
      terms: [
        { kind: "afterany", jobs: [job(20, 4)] },
        { kind: "afternotok", jobs: [job(7)] },
      ],
    })
    assert.deepEqual(readDependency("aftercorr:20"), { needs: "all", terms: [{ kind: "aftercorr", jobs: [job(20)] }] })
  })

  const refused: [text: string, reason: string][] = [
    ["", "it is empty"],
    ["afterok:1,afterany:2?singleton", 'either "," for all of them or "?" for any, not both'],
    ["afterok:1,", "a term is missing, before or after its separator"],
    ["?singleton", "a term is missing, before or after its separator"],
    ["afterok", '"afterok" names no job, as in afterok:12'],
    ["afterok:", '"" in "afterok:" is not a job\'s number, as 12 or 20_4'],
    ["afterok:train", '"train" in "afterok:train" is not a job\'s number, as 12 or 20_4'],
    ["afterok:0", '"0" in "afterok:0" is not a job\'s number, as 12 or 20_4'],
    ["afterok:-3", '"-3" in "afterok:-3" is not a job\'s number, as 12 or 20_4'],
    ["afterok: 3", '" 3" in "afterok: 3" is not a job\'s number, as 12 or 20_4'],
    ["after:3+", '"3+" in "after:3+" is not a job\'s number, as 12 or 20_4'],
    ["afterok:3+5", 'only after takes minutes: "afterok:3+5"'],
    ["aftercorr:20_4", 'aftercorr takes an array, not one task of it: "aftercorr:20_4"'],
    ["singleton:3", 'singleton takes no job: "singleton:3"'],
    ["12", '"12" says no kind: write afterok:12, or afterany:12'],
    ["afterburstbuffer:3", '"afterburstbuffer" is for what there is none of here'],
    [
      "aftrok:3",
      '"aftrok" is none of after, afterany, afternotok, afterok, aftercorr, singleton: did you mean afterok?',
    ],
    ["before:3", '"before" is none of after, afterany, afternotok, afterok, aftercorr, singleton'],
    ["afterok:99999999999", '99999999999 is too large: "afterok:99999999999"'],
  ]
  for (const [text, reason] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => readDependency(text), {
        name: "SyntaxError",
        message: `"${text}" is no dependency: ${reason}`,
      })
    })
  }

  it("reads what dependencyText() writes", () => {
    const number = fc.integer({ min: 1, max: 1_000_000 })
    const term = fc.oneof(
      fc.constant({ kind: "singleton" } as const),
      fc.constantFrom(...AFTER_KINDS).chain((kind) => {
        const job = fc.record(
          {
            job: number,
            task: kind === "aftercorr" ? fc.constant(null) : fc.option(fc.nat(1000)),
            delayMinutes: kind === "after" ? fc.nat(100) : fc.constant(0),
          },
          { noNullPrototype: true },
        )
        return fc.record(
          { kind: fc.constant(kind), jobs: fc.array(job, { minLength: 1, maxLength: 3 }) },
          { noNullPrototype: true },
        )
      }),
    )
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 4 }), fc.constantFrom("all", "any"), (terms, needs) => {
        // Of one term alone nobody can write which.
        const dependency: Dependency = { needs: terms.length === 1 ? "all" : (needs as "all" | "any"), terms }
        assert.deepEqual(readDependency(dependencyText(dependency)), dependency)
      }),
    )
  })
})

describe("dependencyState()", () => {
  const waits: Progress = { startedMs: null, outcome: null }
  const runs: Progress = { startedMs: NOW_MS - 600_000, outcome: null }
  const ok: Progress = { startedMs: 1, outcome: "succeeded" }
  const failed: Progress = { startedMs: 1, outcome: "failed" }
  const jobs: Record<string, readonly Progress[]> = {
    1: [waits],
    2: [runs],
    3: [ok],
    4: [failed],
    // Arrays; 1 to 9 are jobs of their own.
    10: [ok, runs, waits],
    11: [ok, failed, runs],
    12: [ok, ok, ok],
    13: [ok, failed, failed],
  }
  const tasksOf: DependencyView["tasksOf"] = (job) => {
    const tasks = jobs[job]
    return tasks === undefined ? undefined : new Map(tasks.map((task, index) => [job < 10 ? null : index, task]))
  }
  const state = (text: string, more: Partial<DependencyView> = {}) =>
    dependencyState(readDependency(text), { tasksOf, unfinishedNamesakes: [], taskIndex: null, ...more }, NOW_MS)

  const rows: [text: string, met: string, waiting: string, never: string][] = [
    ["after", "2 3 4 11 12 13 99", "1 10", ""],
    ["afterany", "3 4 12 13 99", "1 2 10 11", ""],
    ["afterok", "3 12", "1 2 10", "4 11 13 99"],
    ["afternotok", "4 13", "1 2 10 11", "3 12 99"],
    // By a job that is no array: as afterok.
    ["aftercorr", "3 12", "1 2 10", "4 11 13 99"],
  ]
  for (const [kind, met, waiting, never] of rows) {
    it(kind, () => {
      const expected = { met, waiting, never }
      for (const [word, numbers] of Object.entries(expected)) {
        for (const job of numbers.split(" "))
          if (job !== "") assert.equal(state(`${kind}:${job}`).state, word, `${kind}:${job}`)
      }
    })
  }

  it("takes one task where one is named, and the same index for aftercorr", () => {
    assert.equal(state("afterok:11_0").state, "met")
    assert.deepEqual(state("afterok:11_1"), { state: "never", because: ["11_1"] })
    assert.deepEqual(state("afterany:11_2"), { state: "waiting", on: ["11_2"], dueMs: null })
    assert.equal(state("aftercorr:11", { taskIndex: 0 }).state, "met")
    assert.deepEqual(state("aftercorr:11", { taskIndex: 1 }), { state: "never", because: ["11_1"] })
    assert.equal(state("aftercorr:11", { taskIndex: 2 }).state, "waiting")
    assert.deepEqual(state("aftercorr:11", { taskIndex: 3 }), { state: "never", because: ["11_3"] })
  })

  it("says when time alone will do", () => {
    assert.equal(state("after:2+10").state, "met")
    assert.deepEqual(state("after:2+11"), { state: "waiting", on: ["2"], dueMs: NOW_MS + 60_000 })
  })

  it("waits for those of the same name", () => {
    assert.equal(state("singleton").state, "met")
    assert.deepEqual(state("singleton", { unfinishedNamesakes: [5, 6] }), {
      state: "waiting",
      on: ["5", "6"],
      dueMs: null,
    })
  })

  it("wants all with a comma, and any with a question mark", () => {
    assert.deepEqual(state("afterok:3,afterany:4,afterok:2"), { state: "waiting", on: ["2"], dueMs: null })
    assert.deepEqual(state("afterok:2,afterok:4"), { state: "never", because: ["4"] })
    assert.equal(state("afterok:4?afterok:3").state, "met")
    assert.equal(state("afterok:4?afterok:2").state, "waiting")
    assert.deepEqual(state("afterok:4?afternotok:3"), { state: "never", because: ["4", "3"] })
  })
})
