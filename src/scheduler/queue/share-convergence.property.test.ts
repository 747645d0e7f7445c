import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { GIB, HOUR_MS, type Lab, type LabJob, MINUTE_MS } from "../../../test/support/simulation/lab.ts"
import { windfallPolicy } from "../../../test/support/simulation/lab-policies.ts"
import { QueueStrategy } from "../../../test/support/simulation/queue-strategy.ts"
import { Simulation } from "../../../test/support/simulation/simulation.ts"
import type { HostId } from "../../protocol/ids.ts"

const HALF_LIFE_MS = 100 * HOUR_MS
const LONGEST_MS = HALF_LIFE_MS / 100
const END_MS = 5 * HALF_LIFE_MS
const HOSTS = 4

interface Tree {
  readonly accounts: readonly { readonly shares: number; readonly users: number }[]
  readonly seed: number
}

const trees: fc.Arbitrary<Tree> = fc.record({
  accounts: fc.array(fc.record({ shares: fc.integer({ min: 1, max: 8 }), users: fc.integer({ min: 1, max: 3 }) }), {
    minLength: 2,
    maxLength: 4,
  }),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
})

function labOf({ accounts }: Tree): Lab {
  return {
    timeZone: "UTC",
    accounts: accounts.map(({ shares }, at) => ({ name: `account${at}`, shares })),
    people: accounts.flatMap(({ users }, at) =>
      Array.from({ length: users }, (_, user) => ({ user: `user${at}-${user}`, account: `account${at}`, weight: 1 })),
    ),
    hosts: Array.from({ length: HOSTS }, (_, at) => ({
      id: `mac${at}` as HostId,
      owner: null,
      total: { memoryBytes: 32 * GIB, gpus: 1, cores: 8 },
      gpuMemoryBytes: 24 * GIB,
      here: [],
      gone: [],
    })),
  }
}

/** From everybody more than the whole pool could do, in jobs of any length up to the longest. */
function workOf({ people }: Lab, seed: number): LabJob[] {
  return people.map(({ user, account }, at) => ({
    id: at + 1,
    kind: "sweep",
    user,
    account,
    submittedMs: 0,
    memoryBytes: 8 * GIB,
    gpus: null,
    cores: 1,
    limitMs: null,
    workMs: Array.from({ length: 3_500 }, (_, task) => {
      const part = ((task * 7_919 + at * 104_729 + seed) % 1_000) / 1_000
      return Math.round((20 * MINUTE_MS + part * (LONGEST_MS - 20 * MINUTE_MS)) / 1_000) * 1_000
    }),
    checkpointMs: null,
  }))
}

describe("shares over time", () => {
  it("come within 2 % of the tree's after five half lives, where everybody asks for more than theirs", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const lab = labOf(tree)
        const plain = windfallPolicy(lab)
        const policy = { ...plain, shortLane: null, usage: { ...plain.usage, halfLifeS: HALF_LIFE_MS / 1_000 } }
        const strategy = new QueueStrategy("shares", policy, 0)
        new Simulation(lab, workOf(lab, tree.seed), strategy, 0).run(END_MS)
        const { byShare } = strategy.usage
        const all = [...byShare.values()].reduce((sum, used) => sum + used, 0)
        const shares = tree.accounts.reduce((sum, one) => sum + one.shares, 0)
        for (const [at, account] of tree.accounts.entries()) {
          const mine = [...byShare].filter(([share]) => share.startsWith(`account${at}/`))
          const used = mine.reduce((sum, [, one]) => sum + one, 0) / all
          assert.ok(
            Math.abs(used - account.shares / shares) < 0.02,
            `account${at}: ${used} of ${account.shares / shares}`,
          )
          for (const [share, one] of mine) {
            const due = account.shares / shares / account.users
            assert.ok(Math.abs(one / all - due) < 0.02, `${share}: ${one / all} of ${due}`)
          }
        }
      }),
      { numRuns: 3 },
    )
  })
})
