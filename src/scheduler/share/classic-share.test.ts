import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { shareTree, shareTrees } from "../../../test/support/share-trees.ts"
import { classicShare } from "./classic-share.ts"

describe("classicShare()", () => {
  const vectors: [id: string, tree: string, fairShare: Record<string, number>][] = [
    [
      "L1",
      "vision 50{ann 1:360000, bob 1:90000}, nlp 30{cyd 1:720000, dan 1:0, eve 2:180000}, bio 20{fay 1:7200, gus 1:3600}",
      { fay: 0.955192, gus: 0.96399, cyd: 0.005541, dan: 0.216947, eve: 0.159818, ann: 0.438158, bob: 0.576882 },
    ],
    [
      "L2",
      "lab 60{proj1 3{ann1 1:1000, bob1 1:3000}, proj2 1{ann2 1:500}}, guest 40{zed 1:4500}",
      { zed: 0.420448, ann1: 0.398552, bob1: 0.283027, ann2: 0.462937 },
    ],
    [
      "L3",
      "pool 10{ann p:100, bob p:900, cyd p:0}, solo 10{dan 1:500}",
      { ann: 0.39685, bob: 0.39685, cyd: 0.39685, dan: 0.629961 },
    ],
    [
      "L4",
      "staff 10{ann 1:1000, bob 1:10}, guest 0{zed 1:0, yan 1:50}",
      { ann: 0.268645, bob: 0.513251, zed: 0, yan: 0 },
    ],
    [
      "L5",
      "X 10{x1 10:20, x2 10:80}, Y 10{y1 10:30, y2 10:70}",
      { x1: 0.435275, x2: 0.287175, y1: 0.406126, y2: 0.307786 },
    ],
    ["L6", "ann 1:600, bob 1:300, cyd 1:300, dan 1:0, eve 2:600", { ann: 0.25, bob: 0.5, cyd: 0.5, dan: 1, eve: 0.5 }],
    ["T4", "ann 1:0, X 3{bob 1:0, Y 2{cyd 7:0}, dan 2:0}", { ann: 1, bob: 1, cyd: 1, dan: 1 }],
  ]
  for (const [id, tree, fairShare] of vectors) {
    it(`${id}: ${tree}`, () => {
      const rows = byName(tree)
      for (const [name, fair] of Object.entries(fairShare))
        assert.equal(rows[name]?.fairShare.toFixed(6), fair.toFixed(6), name)
    })
  }

  it("L1: effective usage", () => {
    const rows = byName(vectors[0]![1])
    const expected = {
      fay: 0.006614,
      gus: 0.005291,
      cyd: 0.562169,
      dan: 0.165344,
      eve: 0.396825,
      ann: 0.297619,
      bob: 0.198413,
    }
    for (const [name, used] of Object.entries(expected))
      assert.equal(rows[name]?.effectiveUsage.toFixed(6), used.toFixed(6))
  })

  it("CL-1: the documented example, with what Slurm's test adds to it", () => {
    const rows = byName(`
      A 40{B 30{User1 1:20}, C 10{User2 1:25, User3 1:0}},
      D 60{E 25{User4 1:25}, F 35{User5 1:0}},
      G 0{User6 0:30}`)
    const users: [string, shares: number, used: number, effective: number, fair: string][] = [
      ["User1", 0.3, 0.2, 0.3875, "0.408479"],
      ["User2", 0.05, 0.25, 0.275, "0.022097"],
      ["User3", 0.05, 0, 0.15, "0.125000"],
      ["User4", 0.25, 0.25, 0.25, "0.500000"],
      ["User5", 0.35, 0, 0.145833, "0.749154"],
    ]
    for (const [name, shares, used, effective, fair] of users) {
      const row = rows[name]!
      assert.equal(row.normShares.toFixed(6), shares.toFixed(6), name)
      assert.equal(row.normUsage.toFixed(6), used.toFixed(6), name)
      assert.equal(row.effectiveUsage.toFixed(6), effective.toFixed(6), name)
      assert.equal(row.fairShare.toFixed(6), fair, name)
    }
    assert.deepEqual([rows.User6?.normShares, rows.User6?.normUsage, rows.User6?.fairShare], [0, 0.3, 0])
    const accounts = { A: 0.45, D: 0.25, B: 0.3875, C: 0.3, E: 0.25, F: 0.145833 }
    for (const [name, used] of Object.entries(accounts))
      assert.equal(rows[name]?.effectiveUsage.toFixed(6), used.toFixed(6))
  })

  it("holds against who stands right under the root what it used itself, also where nobody there has shares", () => {
    const rows = byName("A 0{ann 1:30, bob 1:10}, B 0{cy 0:60}")
    assert.deepEqual(
      ["A", "B", "ann", "cy"].map((name) => rows[name]?.effectiveUsage),
      [0.4, 0.6, 0.35, 0.6],
    )
    assert.equal(rows.A?.fairShare, 0)
  })

  it("dampens: a larger factor brings users nearer to each other", () => {
    const tree = "ann 1:300, bob 1:100"
    assert.equal(byName(tree).ann?.fairShare, 2 ** -1.5)
    assert.equal(byName(tree, 3).ann?.fairShare, 2 ** -0.5)
  })

  it("is from 0 to 1 for any tree, 1 for who used nothing, and the account's for who has no shares of its own", () => {
    fc.assert(
      fc.property(shareTrees(), (tree) => {
        const rows = classicShare(tree)
        for (const { fairShare, effectiveUsage, normShares, shares, path } of rows) {
          assert.ok(fairShare >= 0 && fairShare <= 1)
          if (effectiveUsage === 0 && normShares > 0) assert.equal(fairShare, 1)
          if (shares !== "parent") continue
          const above = rows.find((row) => row.path.join() === path.slice(0, -1).join())
          assert.equal(fairShare, above?.fairShare)
        }
      }),
    )
  })
})

function byName(tree: string, dampening?: number) {
  return Object.fromEntries(classicShare(shareTree(tree), dampening).map((row) => [row.path.at(-1) ?? "root", row]))
}
