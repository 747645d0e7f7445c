import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import type { BlobHash, HostId } from "../../../protocol/ids.ts"
import {
  CHOICE_LIMITS,
  chooseSource,
  isToBeHad,
  type Peer,
  type ServerSource,
  type Source,
  type Taker,
  type WaySpeed,
} from "./choose-source.ts"

const MB = 1024 * 1024
const [a, b, c] = ["h1", "h2", "h3"] as HostId[] as [HostId, HostId, HostId]
const hashes = ["x", "y", "z"] as BlobHash[]
const all: ServerSource = { givesTo: 0, has: () => true }
const nothing: ServerSource = { givesTo: 0, has: () => false }

function taker(change: Partial<Taker> = {}): Taker {
  return { id: a, lacks: hashes, getsFrom: [], wayTo: () => 2, wasRefused: () => false, isSlow: () => false, ...change }
}

function peer(id: HostId, change: Partial<Peer> = {}): Peer {
  return { id, isWhole: false, givesTo: 0, has: () => false, comesFrom: () => undefined, ...change }
}

const coming = (source: Source) => ({ comesFrom: () => source })
const choose = (one: Taker, peers: readonly Peer[], server = all, bytes = 64 * MB) =>
  chooseSource(one, peers, server, () => bytes)

describe("chooseSource()", () => {
  it("takes from the server what nobody has or gets, and else passes on", () => {
    assert.deepEqual(choose(taker(), [peer(b)]), { source: "server", hashes: ["x"] })
    const gets = peer(b, { comesFrom: (hash) => (hash === "x" ? "server" : undefined) })
    assert.deepEqual(choose(taker(), [gets]), { source: "server", hashes: ["y"] })
    assert.deepEqual(choose(taker(), [gets], { ...all, givesTo: 2 }), { source: b, hashes: ["x"] })
    assert.equal(choose(taker(), [{ ...gets, givesTo: 2 }], { ...all, givesTo: 2 }), null)
  })

  it("prefers who has all, the fastest way first, and takes from several at once", () => {
    const whole = { isWhole: true, has: () => true }
    const wayTo = (source: Source): WaySpeed => (source === c ? 3 : 2)
    const peers = [peer(b, whole), peer(c, whole)]
    assert.equal(choose(taker({ wayTo }), peers)?.source, c)
    assert.equal(choose(taker({ wayTo, getsFrom: [c, c] }), peers)?.source, b)
    assert.equal(choose(taker({ getsFrom: [b, b, c, c] }), peers), null)
  })

  it("does not wait for a slower way than the server's, unless there is no other", () => {
    const wayTo = (source: Source): WaySpeed => (source === b ? 1 : 2)
    const slow = peer(b, { has: () => true })
    assert.equal(choose(taker({ wayTo }), [slow])?.source, "server")
    assert.equal(choose(taker({ wayTo }), [slow], nothing)?.source, b)
    assert.equal(choose(taker({ wayTo, wasRefused: (source) => source === "server" }), [slow])?.source, b)
  })

  it("takes from a slow one only what nobody else can give, also where these are busy just now", () => {
    const whole = { isWhole: true, has: () => true }
    const isSlow = (source: Source) => source === b
    assert.equal(choose(taker({ isSlow }), [peer(b, whole)])?.source, "server")
    assert.equal(choose(taker({ isSlow }), [peer(b, whole)], nothing)?.source, b)
    assert.equal(choose(taker({ isSlow }), [peer(b, whole), peer(c, whole)], nothing)?.source, c)
    assert.equal(choose(taker({ isSlow }), [peer(b, whole), peer(c, { ...whole, givesTo: 2 })], nothing), null)
    assert.equal(choose(taker({ isSlow: () => true }), [peer(b, whole), peer(c, whole)], nothing)?.source, b)
  })

  it("never goes in a circle", () => {
    const circle = [peer(b, coming(c)), peer(c, coming(a))]
    assert.equal(choose(taker(), circle, nothing), null)
    assert.equal(choose(taker(), [peer(b, coming(b))], nothing), null)
    assert.equal(choose(taker(), [peer(b, coming(c)), peer(c, coming("server"))], nothing)?.source, b)
  })

  it("takes small ones many at a time", () => {
    const many = Array.from({ length: 5_000 }, (_, i) => `${i}` as BlobHash)
    assert.equal(choose(taker({ lacks: many }), [], all, 100)?.hashes.length, CHOICE_LIMITS.hashes)
    assert.equal(choose(taker({ lacks: many }), [], all, 10 * MB)?.hashes.length, 6)
  })

  it("names nothing that was refused or is not lacked, and finds something whenever anybody free has some", () => {
    const subset = fc.uniqueArray(fc.constantFrom(...hashes), { maxLength: 3 })
    const host = fc.record({ has: subset, whole: fc.boolean(), givesTo: fc.nat(2), speed: fc.constantFrom(1, 2, 3) })
    fc.assert(
      fc.property(
        subset,
        subset,
        host,
        host,
        subset,
        fc.nat(2),
        subset,
        (lacks, serverHas, one, two, refused, busy, slow) => {
          const peers = [one, two].map(({ has, whole, givesTo }, i) =>
            peer([b, c][i]!, { isWhole: whole, givesTo, has: (hash) => whole || has.includes(hash) }),
          )
          const wayTo = (source: Source) => (source === b ? one.speed : source === c ? two.speed : 2) as WaySpeed
          const wasRefused = (source: Source, hash: BlobHash) => source === b && refused.includes(hash)
          // Two of three names stand for the two hosts.
          const isSlow = (source: Source) => slow.includes((source === b ? "x" : "y") as BlobHash)
          const asks = taker({ lacks, wayTo, wasRefused, isSlow })
          const server = { givesTo: busy, has: (hash: BlobHash) => serverHas.includes(hash) }
          const choice = choose(asks, peers, server)
          if (choice !== null) {
            const source = peers.find(({ id }) => id === choice.source) ?? server
            assert.ok(source.givesTo < CHOICE_LIMITS.givesTo)
            for (const hash of choice.hashes) {
              assert.ok(lacks.includes(hash) && source.has(hash) && !wasRefused(choice.source, hash))
            }
          } else if (peers.every(({ givesTo }) => givesTo < 2) && busy < 2) {
            assert.ok(lacks.every((hash) => !isToBeHad(hash, asks, peers, server)))
          }
        },
      ),
    )
  })
})
