import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import fc from "fast-check"
import { shareTree, shareTrees } from "../../../test/support/share-trees.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { fairTree } from "../../scheduler/share/fair-tree.ts"
import type { ShareNode } from "../../scheduler/share/share-tree.ts"
import { shareJson } from "../render/share-json.ts"
import { shareText } from "../render/share-text.ts"
import { reckonShares } from "./reckon-shares.ts"

const FOLDER = join(import.meta.dirname, "../../../test/fixtures/shares")
const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/policy-formats.md"), "utf8")

const reckon = (value: unknown) => reckonShares(JSON.stringify(value), "a test")

describe("described share trees", () => {
  it("are the same nested, flat and in short", () => {
    const short = reckon("lab 60{ann 1:1000, sub 3{bob p:30}}, guest 40{zed 1:0}")
    const nested = reckon({
      tree: [
        { account: "guest", shares: "40", users: [{ user: "zed" }] },
        {
          account: "lab",
          shares: 60,
          usage: 1030,
          children: [
            { kind: "user", name: "ann", usage: "1e3" },
            { account: "sub", shares: 3, children: "bob p:30" },
          ],
        },
      ],
    })
    const flat = reckon([
      { user: "bob", parent: "sub", shares: "parent", usage: 30 },
      { account: "sub", parent: "lab", shares: 3 },
      { account: "lab", shares: 60 },
      { user: "ann", parent: "lab", usage: 1000 },
      { account: "guest", parent: "root", shares: 40 },
      { user: "zed", parent: "guest" },
    ])
    const root = reckon({
      tree: { account: "root", children: "lab 60{ann 1:1000; sub 3{bob parent:30}} guest 40{zed}" },
    })
    for (const other of [nested, flat, root]) {
      assert.deepEqual([other.fairTree, other.classic], [short.fairTree, short.classic])
    }
  })

  it("come to what Fair Tree makes of them, whatever they are", () => {
    const asDescribed = (node: ShareNode): object =>
      node.kind === "user"
        ? { user: node.name, shares: node.shares, usage: node.usage }
        : { account: node.name, shares: node.shares, children: node.children.map(asDescribed) }
    fc.assert(
      fc.property(shareTrees(), (tree) => {
        const ranks = (rows: ReturnType<typeof fairTree>) => rows.map(({ path, fairShare }) => [path, fairShare])
        assert.deepEqual(ranks(reckon(tree.children.map(asDescribed)).fairTree), ranks(fairTree(tree)))
      }),
    )
  })

  it("count what an account used beyond those in it", () => {
    const { fairTree: rows } = reckon([
      { account: "lab", usage: 300, children: "ann 1:100" },
      { user: "bob", usage: 100 },
    ])
    assert.deepEqual(
      rows.map(({ path, rawUsage }) => [path.join("/"), rawUsage]),
      [
        ["", 400],
        ["bob", 100],
        ["lab", 300],
        ["lab/ann", 100],
      ],
    )
  })

  it("let usage that was given fade from when it was, and leave suspended time out", () => {
    const decay = { halfLife: "1h", period: "5m", usageAt: 600 }
    const { usage } = reckon({ now: 1200, decay, tree: "ann 1:1000" })
    assert.equal(usage.users[0]?.usage, 1000 * usage.perPeriod * usage.perPeriod)
    const runs = [{ from: 0, to: 600, units: 2, usageFactor: 3, suspended: [{ from: 100, to: 400 }] }]
    const { usage: other } = reckon({ decay: { half_life: "none" }, tree: [{ user: "ann", runs }] })
    assert.equal(other.users[0]?.usage, 300 * 2 * 3)
  })

  it("charge at periods that begin when they are said to", () => {
    const tree = [{ user: "ann", runs: [{ from: 100, to: null, units: 1 }] }]
    const charged = (now: number, start?: number) =>
      reckon({ now, decay: { halfLife: "none", period: 300, ...(start === undefined ? {} : { start }) }, tree }).usage
    assert.deepEqual([charged(599).throughMs, charged(599).users[0]?.usage], [300_000, 200])
    assert.deepEqual([charged(700, 100).throughMs, charged(700, 100).users[0]?.usage], [700_000, 600])
  })

  it("are as the page says", () => {
    const blocks = [...PAGE.slice(0, PAGE.indexOf("### What it prints")).matchAll(/```json\n(.*?)```/gs)]
    const [tree, fading, jobs] = blocks.map(([, block = ""]) => reckonShares(block.replace(/^ {3}/gm, ""), "the page"))
    assert.equal(blocks.length, 3)
    assert.equal(tree?.fairTree.length, 5)
    assert.equal(fading?.usage.users[0]?.usage.toFixed(6), "26027.187329")
    assert.equal(jobs?.jobs[0]?.rows.length, 9)
  })

  it("are reckoned or refused when they are damaged, and nothing that is no number comes out", () => {
    const files = readdirSync(FOLDER).map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")))
    const odd = fc.constantFrom(
      null,
      -1,
      0,
      1e308,
      "",
      "x",
      "p",
      [],
      {},
      true,
      [[]],
      "lab{",
      "1e300",
      { children: {} },
      "held",
    )
    const steps = fc.array(fc.record({ at: fc.nat(), odd, twice: fc.boolean() }), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.constantFrom(...files), steps, (file, damages) => {
        const damaged = structuredClone({ ...file, expected: undefined })
        for (const damage of damages) {
          const places: [Record<string, unknown>, string][] = []
          const collect = (value: unknown) => {
            if (typeof value !== "object" || value === null) return
            for (const [key, one] of Object.entries(value)) {
              places.push([value as Record<string, unknown>, key])
              collect(one)
            }
          }
          collect(damaged)
          const [holder, key] = places[damage.at % places.length]!
          if (damage.twice && Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]))
          else holder[key] = structuredClone(damage.odd)
        }
        try {
          const report = reckon(damaged)
          assert.doesNotMatch(shareText(report) + JSON.stringify(shareJson(report)), /NaN|Infinity/)
        } catch (error) {
          if (!(error instanceof WindfallError)) throw error
          assert.equal(error.code, "invalid_input")
        }
      }),
      { numRuns: 1000 },
    )
  })
})

it("the short form of tests and that of files are read alike", () => {
  const text = "u1 10:0, aA 40{aAA 30{uAA1 1:20}, uAB2 p:5}"
  assert.deepEqual(
    reckon(text).fairTree.map(({ fairShare }) => fairShare),
    fairTree(shareTree(text)).map(({ fairShare }) => fairShare),
  )
})
