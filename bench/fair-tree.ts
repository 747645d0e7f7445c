import { fairTree } from "../src/scheduler/share/fair-tree.ts"
import type { AccountShare, ShareNode } from "../src/scheduler/share/share-tree.ts"
import type { Benchmark } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const RUNS = 200
/** Until the code is compiled: a server reckons shares every few minutes for months. */
const WARM_UP_RUNS = 20

export const fairTreeBench: Benchmark = {
  name: "fair-tree",
  about:
    "Fair Tree over accounts of ten users in departments of ten accounts, and over users who are all directly below the root: all rows with every value, from the tree as plain data, once it is warm. Names, shares and usage are different for each.",
  async run(): Promise<readonly Figure[]> {
    return [
      figure("1,000 users in 100 accounts", departments(1_000), 5),
      figure("1,000 users below the root", flat(1_000), 5),
      figure("10,000 users in 1,000 accounts", departments(10_000), 60),
      figure("10,000 users below the root", flat(10_000), 60),
    ]
  },
}

function figure(what: string, tree: AccountShare, most: number): Figure {
  for (let run = 0; run < WARM_UP_RUNS; run++) fairTree(tree)
  const values = Array.from({ length: RUNS }, () => {
    const startedMs = performance.now()
    fairTree(tree)
    return performance.now() - startedMs
  })
  return { what, unit: "ms", values, bounds: [{ of: "p99", most }] }
}

function departments(users: number): AccountShare {
  const accounts = users / 10
  const account = (at: number) =>
    accountOf(
      `account-${at}`,
      Array.from({ length: 10 }, (_, user) => userOf(at * 10 + user)),
      at,
    )
  const department = (at: number) =>
    accountOf(
      `department-${at}`,
      Array.from({ length: 10 }, (_, one) => account(at * 10 + one)),
      at,
    )
  return accountOf(
    "root",
    Array.from({ length: accounts / 10 }, (_, at) => department(at)),
    0,
  )
}

function flat(users: number): AccountShare {
  return accountOf(
    "root",
    Array.from({ length: users }, (_, at) => userOf(at)),
    0,
  )
}

function accountOf(name: string, children: readonly ShareNode[], at: number): AccountShare {
  return { kind: "account", name, shares: 1 + (at % 7), children }
}

function userOf(at: number): ShareNode {
  return { kind: "user", name: `user-${at}`, shares: 1 + (at % 5), usage: (at * 7_919) % 1_000_003 }
}
