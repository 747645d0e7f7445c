import assert from "node:assert/strict"
import { it } from "node:test"
import { WindfallError } from "../../../protocol/errors.ts"
import type { BlobHash, HostId } from "../../../protocol/ids.ts"
import type { HostChannel } from "../../hosts/host-channel.ts"
import { Spread, type SpreadWays } from "./spread.ts"

const MB = 1024 * 1024
const HASHES = Array.from({ length: 12 }, (_, i) => `${i}` as BlobHash)
const never = new AbortController().signal

/** Hosts that pass on what they are told to, as fast as they can; what leaves whom is counted. */
class Ways implements SpreadWays {
  readonly given: string[] = []
  readonly had = new Map<HostId, Set<BlobHash>>()
  readonly whole: HostId[] = []
  serverHas: (hash: BlobHash) => boolean = () => true
  /** What a host passes on of what it was asked for; may throw what the taker says. */
  passes: (from: HostId, hash: BlobHash) => boolean = () => true

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
