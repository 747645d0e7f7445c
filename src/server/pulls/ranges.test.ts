import assert from "node:assert/strict"
import { createHash, randomBytes } from "node:crypto"
import { readdirSync } from "node:fs"
import { describe, it } from "node:test"
import { asGguf } from "../../../test/support/hub-models.ts"
import { HubScene } from "../../../test/support/hub-scene.ts"
import type { Fault } from "../../../test/support/hub-server.ts"
import type { HubLimits } from "../../hub/hub.ts"

const FILE = asGguf(randomBytes(400_000))
const STARTS = [0, 50_000, 100_000, 150_000, 200_000, 250_000, 300_000, 350_000]
const ODD = 100_000
const ETAG = `"${createHash("md5").update(FILE).digest("hex")}"`
/** Long enough that only what stalls does. */
const STALL_MS = 2_000
const RANGES = { fromBytes: 100_000, mostBytes: 50_000, atOnce: 4 }

/** Bytes that were asked for: from, and up to (included). */
type Asked = readonly [number, number]

/** What goes wrong with a range that begins at `start`, asked for the so manieth time; where all of it is asked for, with `null`. */
type Faults = (start: number | null, times: number, last: number) => Fault | null

async function begun(faults: Faults = () => null, limits: Partial<HubLimits> = {}): Promise<HubScene> {
  const scene = await HubScene.start({ limits: { ranges: RANGES, ...limits } })
  scene.hub.add("lab/big", { "big-Q4_K_M.gguf": FILE })
  breaks(scene, faults)
  return scene
}

function breaks({ hub }: HubScene, faults: Faults): void {
  const seen = new Map<number | null, number>()
  hub.fault = ({ origin, method, range }) => {
    if (origin !== "store" || method !== "GET") return null
    const [start, last] = asked(range) ?? [null, 0]
    const times = seen.get(start) ?? 0
    seen.set(start, times + 1)
    return faults(start, times, last)
  }
}

function asked(range: string | null): Asked | null {
  const match = /^bytes=(\d+)-(\d+)$/.exec(range ?? "")
  return match === null ? null : [Number(match[1]), Number(match[2])]
}

/** Without the question whether there are ranges. */
function fetched({ hub }: HubScene): (Asked | null)[] {
  return hub.fetched.map(({ range }) => asked(range)).filter((range) => range?.[0] !== FILE.length - 1)
}

async function assertWhole(scene: HubScene): Promise<void> {
  const { state, reason, name } = await scene.ended("lab/big")
  assert.equal(state, "done", reason ?? "")
  assert.ok((await scene.files(name)).get("big-Q4_K_M.gguf")?.equals(FILE))
  assert.deepEqual(readdirSync(scene.server.folder.at("data/pulls")), [])
}

describe("a large file of a hub", () => {
  it("comes by several connections, each byte once", async () => {
    await using scene = await begun()
    await assertWhole(scene)
    assert.deepEqual(
      fetched(scene).toSorted((a, b) => a![0] - b![0]),
      STARTS.map((start) => [start, start + 49_999]),
    )
  })

  const odd: Readonly<Record<string, Fault>> = {
    stalls: { stallAfter: 20_000 },
    "is cut": { cutAfter: 20_000 },
    "is too much for the hub": { status: 429, headers: { "retry-after": "0" } },
    "is answered with an error": { status: 503 },
    "brings other bytes than asked for": { shift: 10 },
    "brings all of it": { ignoreRange: true },
    "brings another file": { bytes: randomBytes(FILE.length) },
    "brings a longer file": { bytes: Buffer.concat([FILE, FILE]) },
  }
  for (const [what, fault] of Object.entries(odd))
    it(`does not suffer where one connection ${what}`, async () => {
      const limits = fault.stallAfter === undefined ? {} : { stallMs: STALL_MS }
      await using scene = await begun((start, times) => (start === ODD && times < 2 ? fault : null), limits)
      await assertWhole(scene)
      const elsewhere = fetched(scene).filter((range) => range![0] < ODD || range![0] >= ODD + 50_000)
      assert.equal(elsewhere.length, STARTS.length - 1)
      const there = fetched(scene).length - elsewhere.length
      assert.ok(there >= 2 && there <= 3, `${there}`)
    })

  it("comes by fewer where the hub gives one asker only so many connections", async () => {
    await using scene = await begun((start, times) =>
      start !== 0 && start! <= ODD && times < 4 ? { status: 503 } : null,
    )
    await assertWhole(scene)
  })

  it("fails where no connection gets on, and what has come stays", async () => {
    await using scene = await begun((start) => (start! >= 200_000 && start! < 399_999 ? { status: 503 } : null))
    const failed = await scene.ended("lab/big")
    assert.equal(failed.state, "failed")
    assert.match(failed.reason ?? "", /HTTP 503 \(tried 4 times\)/)
    breaks(scene, () => null)
    assert.equal((await scene.ended("lab/big")).fetchedBytes, 200_000)
  })

  const plain: Readonly<Record<string, Faults>> = {
    "knows no ranges": () => ({ ignoreRange: true }),
    "does not say that it is the same file in all ranges": (start, _, last) =>
      start === null ? null : { headers: { etag: 'W/"1"', "content-range": `bytes ${start}-${last}/*` } },
    "gives the first range and then none": (start) => (start === FILE.length - 1 ? null : { ignoreRange: true }),
  }
  for (const [what, faults] of Object.entries(plain))
    it(`comes by one connection where the hub ${what}`, async () => {
      await using scene = await begun(faults)
      await assertWhole(scene)
      assert.equal(fetched(scene).at(-1), null)
    })

  it("goes on in the middle of each range when the server ended", async () => {
    await using scene = await begun((start) => (start === FILE.length - 1 ? null : { stallAfter: 20_000 }), {
      stallMs: 60_000,
    })
    const { id } = await scene.pull("lab/big")
    await scene.until(id, ({ doneBytes }) => doneBytes === 80_000)
    await scene.server.stop()
    breaks(scene, () => null)
    const before = fetched(scene).length
    await scene.server.start()
    const done = await scene.until(id, ({ state }) => state !== "pulling")
    assert.deepEqual([before, done.state, done.fetchedBytes], [4, "done", FILE.length - 80_000])
    const after = fetched(scene).slice(before)
    assert.deepEqual(
      after.map((range) => range![0]).toSorted((a, b) => a - b),
      STARTS.map((start, at) => (at < 4 ? start + 20_000 : start)),
    )
    assert.ok((await scene.files("big-Q4_K_M")).get("big-Q4_K_M.gguf")?.equals(FILE))
  })

  it("is verified as a whole in the end, and begun anew where a connection lied unseen", async () => {
    const other = { bytes: randomBytes(FILE.length), headers: { etag: ETAG } }
    await using scene = await begun((start, times) => (start === ODD && times === 0 ? other : null))
    await assertWhole(scene)
    assert.equal(fetched(scene).length, 2 * STARTS.length)
    await using liar = await begun((start) => (start === ODD ? other : null))
    const { state, reason } = await liar.ended("lab/big")
    assert.equal(state, "failed")
    assert.match(reason ?? "", /another sha256 than the hub says\. It was begun 3 times/)
    assert.deepEqual(readdirSync(liar.server.folder.at("data/pulls")), [])
  })

  it("is begun anew, three times in all, where it is another for good", async () => {
    const other = asGguf(randomBytes(FILE.length))
    await using scene = await begun((start) => (start === ODD ? { bytes: other } : null))
    const { state, reason } = await scene.ended("lab/big")
    assert.equal(state, "failed")
    assert.match(reason ?? "", /its bytes changed while they were fetched/)
    // Three times each time, or fewer where its answer came before those of the others: then these are other ones.
    const there = fetched(scene).filter((range) => range![0] === ODD).length
    assert.ok(there >= 3 && there <= 9, `${there}`)
  })

  it("shares a bounded number of connections with all others", async () => {
    const faults: Faults = (start) => (start === FILE.length - 1 ? null : { stallAfter: 20_000 })
    await using scene = await begun(faults, { stallMs: 60_000, connections: 5 })
    const first = await scene.pull("lab/big", { name: "first" })
    await scene.until(first.id, ({ doneBytes }) => doneBytes === 80_000)
    const other = Buffer.from(FILE).reverse()
    scene.hub.add("lab/other", { "other-Q4_K_M.gguf": other })
    const second = await scene.pull("lab/other", { name: "second" })
    await scene.until(second.id, ({ doneBytes }) => doneBytes === 20_000)
    assert.equal(fetched(scene).length, 5)
    breaks(scene, () => null)
    await scene.server.call("DELETE", `/v1/pulls/${first.id}`)
    await scene.until(second.id, ({ doneBytes }) => doneBytes > 300_000)
    await scene.server.call("DELETE", `/v1/pulls/${second.id}`)
  })
})
