import assert from "node:assert/strict"
import { it } from "node:test"
import { MovedClock } from "../../../../test/support/moved-clock.ts"
import { WindfallError } from "../../../protocol/errors.ts"
import type { BlobHash, HostId } from "../../../protocol/ids.ts"
import type { HostChannel } from "../../hosts/host-channel.ts"
import { Spread, type SpreadWays } from "./spread.ts"

const MB = 1024 * 1024
const HASHES = Array.from({ length: 12 }, (_, i) => `${i}` as BlobHash)
const never = new AbortController().signal

/** Hosts that pass on what they are told to, as fast as they can; what leaves whom is counted. */
class Ways implements SpreadWays {
  readonly clock = new MovedClock()
  readonly given: string[] = []
  readonly had = new Map<HostId, Set<BlobHash>>()
  readonly whole: HostId[] = []
  serverHas: (hash: BlobHash) => boolean = () => true
  /** What a host passes on of what it was asked for; may throw what the taker says. */
  passes: (from: HostId, hash: BlobHash) => boolean = () => true
  /** How long a host takes for one, in milliseconds of the test's clock. */
  takesMs: (from: HostId) => number = () => 0

  wholeHosts() {
    return this.whole
  }
  way() {
    return 2 as const
  }
  has(hash: BlobHash) {
    return this.serverHas(hash)
  }
  bytesOf() {
    return 64 * MB
  }
  async give(to: HostChannel, hashes: readonly BlobHash[]) {
    await null
    for (const hash of hashes) {
      if (!this.serverHas(hash)) throw new WindfallError("blobs_missing", "gone")
      this.#take(to.hostId, "server", hash)
    }
  }
  async pass(
    from: HostId,
    to: HostChannel,
    hashes: readonly BlobHash[],
    signal: AbortSignal,
    onHave: (hash: BlobHash) => void,
  ) {
    await null
    for (const hash of hashes) {
      // It comes there first.
      while (!this.whole.includes(from) && this.had.get(from)?.has(hash) !== true && this.passes(from, hash)) {
        if (signal.aborted) return
        await new Promise(setImmediate)
      }
      if (!this.passes(from, hash)) return
      const ms = this.takesMs(from)
      if (ms > 0) await this.clock.sleep(ms, { signal })
      this.#take(to.hostId, from, hash)
      onHave(hash)
    }
  }
  #take(to: HostId, from: string, hash: BlobHash) {
    this.given.push(`${from} ${hash}`)
    const had = this.had.get(to) ?? new Set()
    this.had.set(to, had)
    assert.ok(!had.has(hash), "nothing comes twice")
    had.add(hash)
  }
}

const channel = (name: string) => ({ hostId: name }) as HostChannel
const fromServer = ({ given }: Ways) => given.filter((one) => one.startsWith("server ")).length

it("brings to four at once what leaves the server once", async () => {
  const ways = new Ways()
  const spread = new Spread(ways)
  await Promise.all(["a", "b", "c", "d"].map((name) => spread.bring(channel(name), HASHES, never)))
  assert.deepEqual(
    [...ways.had.values()].map(({ size }) => size),
    [12, 12, 12, 12],
  )
  assert.equal(fromServer(ways), 12)
  assert.ok(spread.isIdle)
})

it("takes elsewhere what one source does not give, and no more from one that gives nothing", async () => {
  const ways = new Ways()
  ways.whole.push("dead" as HostId, "half" as HostId)
  let asked = 0
  ways.passes = (from, hash) => {
    if (from === "dead") asked++
    return from === "half" && Number(hash) % 2 === 0
  }
  await new Spread(ways).bring(channel("a"), HASHES, never)
  assert.equal(ways.had.get("a" as HostId)?.size, 12)
  assert.ok(asked <= 3, `${asked}`)
  assert.ok(ways.given.includes("half 0") && fromServer(ways) < 12)
})

it("goes on when a host in the middle of the way is lost", async () => {
  const ways = new Ways()
  const spread = new Spread(ways)
  const lost = new AbortController()
  ways.passes = (from) => from !== "a" || !lost.signal.aborted
  const first = spread.bring(channel("a"), HASHES, lost.signal)
  const others = ["b", "c"].map((name) => spread.bring(channel(name), HASHES, never))
  lost.abort(new Error("the link is cut"))
  await assert.rejects(first, /the link is cut/)
  await Promise.all(others)
  for (const name of ["b", "c"]) assert.equal(ways.had.get(name as HostId)?.size, 12)
})

it("says so when nobody can give some of it, and when the host can take nothing", async () => {
  const ways = new Ways()
  ways.serverHas = (hash) => hash !== "3"
  await assert.rejects(new Spread(ways).bring(channel("a"), HASHES, never), { code: "blobs_missing" })
  assert.equal(ways.had.get("a" as HostId)?.size, 11)
  ways.whole.push("w" as HostId)
  ways.pass = async () => {
    throw new WindfallError("disk_full", "Cannot store a blob")
  }
  await assert.rejects(new Spread(ways).bring(channel("b"), HASHES, never), { code: "disk_full" })
})

/** Time goes on until it is done. */
async function over<T>(clock: MovedClock, work: Promise<T>): Promise<T> {
  let isOver = false
  const end = () => {
    isOver = true
  }
  work.then(end, end)
  while (!isOver) {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    clock.advance(500)
  }
  return work
}

const [slow, quick, other] = ["slow", "quick", "other"] as HostId[] as [HostId, HostId, HostId]
const givenBy = ({ given }: Ways, from: string) => given.filter((one) => one.startsWith(`${from} `)).length

it("takes the rest elsewhere where one gives less than a tenth of what another does", async () => {
  const ways = new Ways()
  ways.whole.push(slow, quick)
  ways.takesMs = (from) => (from === slow ? 900_000 : 1_000)
  const beganMs = ways.clock.now()
  await over(ways.clock, new Spread(ways).bring(channel("a"), HASHES, never))
  assert.deepEqual([givenBy(ways, slow), givenBy(ways, quick)], [0, 12])
  assert.ok(ways.clock.now() - beganMs < 60_000)
})

it("leaves one that nearly stands for the server, though it can be compared with none", async () => {
  const ways = new Ways()
  ways.whole.push(slow)
  ways.takesMs = () => 86_400_000
  await over(ways.clock, new Spread(ways).bring(channel("a"), HASHES, never))
  assert.equal(fromServer(ways), 12)
})

it("compares with what others get, and blames one at most for that where the host itself may be slow", async () => {
  const ways = new Ways()
  const spread = new Spread(ways)
  ways.whole.push(quick)
  ways.takesMs = () => 1_000
  ways.serverHas = () => false
  await over(ways.clock, spread.bring(channel("b"), HASHES, never))
  // Whatever it is given by comes as slowly to this one.
  ways.whole.push(slow, other)
  ways.takesMs = () => 30_000
  await over(ways.clock, spread.bring(channel("a"), HASHES, never))
  const sources = [slow, quick, other].map((from) => ways.given.filter((one) => one.startsWith(`${from} `)).length)
  assert.equal(ways.had.get("a" as HostId)?.size, 12)
  assert.equal(sources.filter((count) => count > 0).length, 2, JSON.stringify(sources))
})

it("stays with a slow one that alone has it, and with all where all are as slow", async () => {
  const alone = new Ways()
  alone.whole.push(slow)
  alone.serverHas = () => false
  alone.takesMs = () => 1_000_000
  await over(alone.clock, new Spread(alone).bring(channel("a"), HASHES.slice(0, 4), never))
  assert.equal(givenBy(alone, slow), 4)
  const even = new Ways()
  even.whole.push(slow, quick)
  even.takesMs = () => 60_000
  await over(even.clock, new Spread(even).bring(channel("a"), HASHES, never))
  assert.equal(fromServer(even), 0)
  assert.equal(givenBy(even, slow) + givenBy(even, quick), 12)
})
