import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { shareTree, shareTrees } from "../../../test/support/share-trees.ts"
import { type FairTreeOptions, fairTree } from "./fair-tree.ts"
import { type AccountShare, type ShareNode, type Shares, seatsOf } from "./share-tree.ts"

const INF = Number.POSITIVE_INFINITY

/** Slurm's own test of Fair Tree: uD2 and uD3 have equal fractions and must not tie; uG1 ties with the account aGA. */
const FT_1 = shareTree(`
  u1 10:0, u2 10:10,
  aA 40{aAA 30{uAA1 1:20}, aAB 10{uAB1 1:25, uAB2 1:0}},
  aB 60{aBA 25{uBA1 1:25}, aBB 35{uBB1 1:0}},
  aC 0{uC1 0:30},
  aD 50{uD1 p:20, uD2 40:20, uD3 50:25, aDA p{uDA1 p:10, uDA2 30:10, uDA3 50:25}},
  aE 10{aE1 10:0, aE2 10:0},
  aF 20{uF1 10:0, uF2 20:0},
  aG 8{uG1 10:10, aGA 10{uGA1 20:4, uGA2 20:6}}`)

const FT_1_ROWS: [
  name: string,
  shares: Shares,
  normShares: string,
  rawUsage: number,
  normUsage: string,
  effectiveUsage: string,
  fairShare: string | null,
  levelFs: string | number | null,
][] = [
  ["root", 1, "0.000000", 240, "1.000000", "1.000000", null, null],
  ["u1", 10, "0.048077", 0, "0.000000", "0.000000", "1.000000", INF],
  ["u2", 10, "0.048077", 10, "0.041667", "0.041667", "0.666667", "1.153846"],
  ["aA", 40, "0.192308", 45, "0.187500", "0.187500", null, "1.025641"],
  ["aAA", 30, "0.750000", 20, "0.083333", "0.444444", null, "1.687500"],
  ["uAA1", 1, "1.000000", 20, "0.083333", "1.000000", "0.619048", "1.000000"],
  ["aAB", 10, "0.250000", 25, "0.104167", "0.555556", null, "0.450000"],
  ["uAB1", 1, "0.500000", 25, "0.104167", "1.000000", "0.523810", "0.500000"],
  ["uAB2", 1, "0.500000", 0, "0.000000", "0.000000", "0.571429", INF],
  ["aB", 60, "0.288462", 25, "0.104167", "0.104167", null, "2.769231"],
  ["aBA", 25, "0.416667", 25, "0.104167", "1.000000", null, "0.416667"],
  ["uBA1", 1, "1.000000", 25, "0.104167", "1.000000", "0.714286", "1.000000"],
  ["aBB", 35, "0.583333", 0, "0.000000", "0.000000", null, INF],
  ["uBB1", 1, "1.000000", 0, "0.000000", "0.000000", "0.761905", INF],
  ["aC", 0, "0.000000", 30, "0.125000", "0.125000", null, "0.000000"],
  ["uC1", 0, "0.000000", 30, "0.125000", "1.000000", "0.047619", "0.000000"],
  ["aD", 50, "0.240385", 110, "0.458333", "0.458333", null, "0.524476"],
  ["uD1", "parent", "0.240385", 20, "0.083333", "0.181818", "0.476190", INF],
  ["uD2", 40, "0.235294", 20, "0.083333", "0.181818", "0.238095", "1.294118"],
  ["uD3", 50, "0.294118", 25, "0.104167", "0.227273", "0.333333", "1.294118"],
  ["aDA", "parent", "0.240385", 45, "0.187500", "0.409091", null, null],
  ["uDA1", "parent", "0.240385", 10, "0.041667", "0.090909", "0.476190", INF],
  ["uDA2", 30, "0.176471", 10, "0.041667", "0.090909", "0.380952", "1.941176"],
  ["uDA3", 50, "0.294118", 25, "0.104167", "0.227273", "0.333333", "1.294118"],
  ["aE", 10, "0.048077", 0, "0.000000", "0.000000", null, INF],
  ["aE1", 10, "0.500000", 0, "0.000000", "0.000000", "1.000000", INF],
  ["aE2", 10, "0.500000", 0, "0.000000", "0.000000", "1.000000", INF],
  ["aF", 20, "0.096154", 0, "0.000000", "0.000000", null, INF],
  ["uF1", 10, "0.333333", 0, "0.000000", "0.000000", "1.000000", INF],
  ["uF2", 20, "0.666667", 0, "0.000000", "0.000000", "1.000000", INF],
  ["aG", 8, "0.038462", 20, "0.083333", "0.083333", null, "0.461538"],
  ["uG1", 10, "0.500000", 10, "0.041667", "0.500000", "0.190476", "1.000000"],
  ["aGA", 10, "0.500000", 10, "0.041667", "0.500000", null, "1.000000"],
  ["uGA1", 20, "0.500000", 4, "0.016667", "0.400000", "0.190476", "1.250000"],
  ["uGA2", 20, "0.500000", 6, "0.025000", "0.600000", "0.095238", "0.833333"],
]

describe("fairTree()", () => {
  it("FT-1: has all lines of Slurm's own test", () => {
    const digits = (value: number | null) => (value === null || value === INF ? value : value.toFixed(6))
    const rows = fairTree(FT_1).map((row) => [
      row.path.at(-1) ?? "root",
      row.shares,
      row.normShares.toFixed(6),
      row.rawUsage,
      row.normUsage.toFixed(6),
      row.effectiveUsage.toFixed(6),
      digits(row.fairShare),
      digits(row.levelFs),
    ])
    assert.equal(rows.length, 35)
    assert.deepEqual(rows, FT_1_ROWS)
  })

  const L1 = `vision 50{ann 1:360000, bob 1:90000}, nlp 30{cyd 1:720000, dan 1:0, eve 2:180000}, bio 20{fay 1:7200, gus 1:3600}`
  const vectors: [id: string, tree: string, levelFs: Record<string, number>, fairShare: Record<string, number>][] = [
    [
      "L1",
      L1,
      {
        bio: 25.2,
        vision: 1.512,
        nlp: 0.4536,
        fay: 0.75,
        gus: 1.5,
        cyd: 0.3125,
        dan: INF,
        eve: 2.5,
        ann: 0.625,
        bob: 2.5,
      },
      { gus: 1, fay: 0.857143, bob: 0.714286, ann: 0.571429, dan: 0.428571, eve: 0.285714, cyd: 0.142857 },
    ],
    [
      "L2",
      "lab 60{proj1 3{ann1 1:1000, bob1 1:3000}, proj2 1{ann2 1:500}}, guest 40{zed 1:4500}",
      { lab: 1.2, guest: 0.8, proj1: 0.84375, proj2: 2.25, ann1: 2, bob1: 0.666667 },
      { ann2: 1, ann1: 0.75, bob1: 0.5, zed: 0.25 },
    ],
    [
      "L3",
      "pool 10{ann p:100, bob p:900, cyd p:0}, solo 10{dan 1:500}",
      { pool: 0.75, solo: 1.5 },
      { dan: 1, ann: 0.75, bob: 0.75, cyd: 0.75 },
    ],
    [
      "L4",
      "staff 10{ann 1:1000, bob 1:10}, guest 0{zed 1:0, yan 1:50}",
      { staff: 1.049505, guest: 0 },
      { bob: 1, ann: 0.75, zed: 0.5, yan: 0.25 },
    ],
    [
      "L5",
      "X 10{x1 10:20, x2 10:80}, Y 10{y1 10:30, y2 10:70}",
      { X: 1, Y: 1 },
      { x1: 1, x2: 0.75, y1: 0.75, y2: 0.25 },
    ],
    [
      "L6",
      "ann 1:600, bob 1:300, cyd 1:300, dan 1:0, eve 2:600",
      { ann: 0.5, bob: 1, cyd: 1, eve: 1, dan: INF },
      { dan: 1, bob: 0.8, cyd: 0.8, eve: 0.8, ann: 0.2 },
    ],
    [
      "T4",
      "ann 1:0, X 3{bob 1:0, Y 2{cyd 7:0}, dan 2:0}",
      { ann: INF, X: INF, Y: INF },
      { ann: 1, bob: 1, cyd: 1, dan: 1 },
    ],
  ]
  for (const [id, tree, levelFs, fairShare] of vectors) {
    it(`${id}: ${tree}`, () => {
      const rows = byName(shareTree(tree))
      const shown = (value: number | null | undefined) => (value === INF ? INF : Number(value?.toFixed(6)))
      for (const [name, level] of Object.entries(levelFs)) assert.equal(shown(rows[name]?.levelFs), level, name)
      for (const [name, fair] of Object.entries(fairShare)) assert.equal(shown(rows[name]?.fairShare), fair, name)
    })
  }

  it("L5: merges tied accounts where it is told to, as Slurm documents it and does not do", () => {
    const tree = shareTree("X 10{x1 10:20, x2 10:80}, Y 10{y1 10:30, y2 10:70}")
    const { x1, x2, y1, y2 } = byName(tree, { mergeTiedAccounts: true })
    assert.deepEqual(
      [x1, y1, y2, x2].map((row) => row?.fairShare),
      [1, 0.75, 0.5, 0.25],
    )
  })

  it("counts what users left behind for their account", () => {
    const tree: AccountShare = {
      ...shareTree("ann 1:100"),
      children: [
        { ...(shareTree("lab 1{bob 1:100}").children[0] as AccountShare), ownUsage: 200 },
        ...shareTree("ann 1:100").children,
      ],
    }
    const { lab, bob, ann } = byName(tree)
    assert.deepEqual([lab?.rawUsage, bob?.rawUsage, ann?.normUsage, bob?.effectiveUsage], [300, 100, 0.25, 1 / 3])
  })
})

describe("fairTree() of any tree", () => {
  it("ranks from 1 down to no less than 1 / users", () => {
    fc.assert(
      fc.property(shareTrees(), fc.boolean(), (tree, mergeTiedAccounts) => {
        const fair = fairTree(tree, { mergeTiedAccounts }).flatMap(({ fairShare }) => fairShare ?? [])
        if (fair.length > 0) assert.equal(Math.max(...fair), 1)
        assert.ok(fair.every((each) => each >= 1 / fair.length))
      }),
    )
  })

  it("puts every user of an account before every user of one with a lower level beside it", () => {
    fc.assert(
      fc.property(shareTrees(), fc.boolean(), (tree, mergeTiedAccounts) => {
        // What has no shares at all ties with others at the bottom, where the order is another rule's.
        fc.pre(!hasNoShares(tree))
        const seats = seatsOf(tree)
        const rows = fairTree(tree, { mergeTiedAccounts })
        const level = (index: number) => rows[index]?.levelFs ?? null
        const below = (index: number) =>
          rows
            .filter((row, at) => row.fairShare !== null && isAtOrBelow(seats, at, index))
            .map(({ fairShare }) => fairShare ?? 0)
        for (let a = 0; a < seats.length; a++) {
          for (let b = 0; b < seats.length; b++) {
            const [higher, lower] = [level(a), level(b)]
            if (higher === null || lower === null || higher <= lower || seats[a]?.level !== seats[b]?.level) continue
            assert.ok(Math.min(...below(a)) > Math.max(...below(b)), `${rows[a]?.path} over ${rows[b]?.path}`)
          }
        }
      }),
    )
  })

  it("does not hang on the order in which the tree was written, nor on the unit of usage", () => {
    fc.assert(
      fc.property(shareTrees(), (tree) => {
        const turned = (node: ShareNode): ShareNode =>
          node.kind === "user" ? node : { ...node, children: node.children.map(turned).toReversed() }
        const scaled = (node: ShareNode): ShareNode =>
          node.kind === "user" ? { ...node, usage: node.usage * 4 } : { ...node, children: node.children.map(scaled) }
        const fair = (root: ShareNode) => fairTree(root as AccountShare).map(({ path, fairShare }) => [path, fairShare])
        assert.deepEqual(fair(turned(tree)), fair(tree))
        assert.deepEqual(fair(scaled(tree)), fair(tree))
      }),
    )
  })

  it("gives equal ranks to users of one level with the same value", () => {
    fc.assert(
      fc.property(shareTrees(), (tree) => {
        const seats = seatsOf(tree)
        const users = fairTree(tree).flatMap((row, at) =>
          row.kind === "user" ? [{ ...row, level: seats[at]?.level }] : [],
        )
        for (const a of users)
          for (const b of users)
            if (a.level === b.level && a.levelFs === b.levelFs) assert.equal(a.fairShare, b.fairShare)
      }),
    )
  })
})

function byName(tree: AccountShare, options?: FairTreeOptions) {
  return Object.fromEntries(fairTree(tree, options).map((row) => [row.path.at(-1) ?? "root", row]))
}

/** By levels: what stands in for an account with `parent` is not below that. */
function isAtOrBelow(seats: ReturnType<typeof seatsOf>, at: number, above: number): boolean {
  for (let seat = seats[at] ?? null; seat !== null; seat = seat.level) if (seat === seats[above]) return true
  return false
}

function hasNoShares(node: ShareNode): boolean {
  return node.shares === 0 || (node.kind === "account" && node.children.some(hasNoShares))
}
