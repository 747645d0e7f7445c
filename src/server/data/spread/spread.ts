import type { Clock } from "../../../base/clock.ts"
import { WindfallError } from "../../../protocol/errors.ts"
import type { BlobHash, HostId } from "../../../protocol/ids.ts"
import type { HostChannel } from "../../hosts/host-channel.ts"
import {
  type Choice,
  chooseSource,
  isToBeHad,
  isToBeHadElsewhere,
  type Peer,
  type ServerSource,
  type Source,
  type Taker,
  type WaySpeed,
} from "./choose-source.ts"
import { endSlowLanes, LaneWatch, UNKNOWN_BYTES } from "./end-slow-lanes.ts"
import { Paces } from "./slow-source.ts"
import { beginLane, giveUp, type Lane, type Member, noteHad } from "./spread-member.ts"

const MOST_LOOKED_AT = 4_000
const MOST_IN_VAIN = 2

/** What a spread needs of the server. */
export interface SpreadWays {
  readonly clock: Clock
  /** Hosts that have all of the tree, and are in reach. */
  wholeHosts(): readonly HostId[]
  way(a: Source, b: Source): WaySpeed
  has(hash: BlobHash): boolean
  bytesOf(hash: BlobHash): number | undefined
  /** The server sends blobs. @throws what keeps it from that */
  give(to: HostChannel, hashes: readonly BlobHash[], signal: AbortSignal): Promise<void>
  /** One host fetches blobs from another. Not to give some, or all, is no error. @throws where the taker can take none */
  pass(
    from: HostId,
    to: HostChannel,
    hashes: readonly BlobHash[],
    signal: AbortSignal,
    onHave: (hash: BlobHash) => void,
  ): Promise<void>
}

/**
 * One tree on its way to hosts. Each blob is on its way to a host once at a time, and comes from the server or from another host, which may be just getting it: so
 * hosts pass on what they get, and one copy leaves the server however many there are. What does not come from one source is had from another.
 */
export class Spread {
  readonly #ways: SpreadWays
  readonly #members = new Map<HostId, Member>()
  readonly #watch: LaneWatch

  constructor(ways: SpreadWays) {
    this.#ways = ways
    this.#watch = new LaneWatch(ways.clock, () =>
      endSlowLanes(ways, this.#members, (source, hash, id, member) =>
        isToBeHadElsewhere(source, hash, this.#taker(id, member), this.#peers(), this.#server(id)),
      ),
    )
  }

  /** Nobody waits for anything. */
  get isIdle(): boolean {
    return this.#members.values().every(({ done }) => done === null)
  }

  /**
   * Sees to it that a host gets these blobs.
   * @throws {WindfallError} blobs_missing when nobody can give some of them; what keeps the host from taking any; the signal's reason
   */
  async bring(channel: HostChannel, hashes: readonly BlobHash[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const id = channel.hostId
    const done = Promise.withResolvers<void>()
    const member: Member = {
      channel,
      ending: new AbortController(),
      lacks: new Set(hashes),
      lanes: new Set(),
      refused: new Map(),
      paces: new Paces(),
      slow: new Set(),
      done,
    }
    const before = this.#members.get(id)
    if (before !== undefined) giveUp(before, new WindfallError("link_lost", "Cannot go on: the host asked anew"))
    this.#members.set(id, member)
    const stop = () => {
      if (this.#members.get(id) === member) this.#members.delete(id)
      giveUp(member, signal.reason)
      this.#pump()
    }
    signal.addEventListener("abort", stop, { once: true })
    try {
      this.#pump()
      await done.promise
    } finally {
      member.done = null
    }
  }

  /** Begins whatever can begin. */
  #pump(): void {
    for (let begun = true; begun; ) {
      begun = false
      // One lane each in turn, so that all get something different at first.
      for (const [id, member] of this.#members) {
        if (member.done === null) continue
        const peers = this.#peers()
        const server = this.#server(id)
        const taker = this.#taker(id, member)
        const choice = chooseSource(taker, peers, server, (hash) => this.#ways.bytesOf(hash))
        if (choice !== null) {
          void this.#run(member, choice)
          begun = true
        } else if (member.lanes.size === 0) this.#settle(member, taker, peers, server)
      }
    }
    this.#watch.set(this.#members.values().some(({ lanes }) => [...lanes].some(({ source }) => source !== "server")))
  }

  #settle(member: Member, taker: Taker, peers: readonly Peer[], server: ServerSource): void {
    if (member.lacks.size === 0) member.done?.resolve()
    else if (![...member.lacks].some((hash) => isToBeHad(hash, taker, peers, server))) {
      giveUp(member, new WindfallError("blobs_missing", "Cannot give the host all of it: nobody has some of it"))
    } else return
    member.done = null
  }

  async #run(member: Member, { source, hashes }: Choice): Promise<void> {
    const lane = beginLane(source, hashes, this.#ways.clock)
    const { over } = lane
    member.lanes.add(lane)
    const have = (hash: BlobHash) => {
      noteHad(member, lane, this.#ways.bytesOf(hash) ?? UNKNOWN_BYTES, this.#ways.clock)
      lane.left.delete(hash)
      member.lacks.delete(hash)
    }
    const { channel } = member
    const signal = AbortSignal.any([member.ending.signal, over.signal])
    try {
      if (source === "server") {
        await this.#ways.give(channel, hashes, signal)
        for (const hash of hashes) have(hash)
      } else {
        await this.#ways.pass(source, channel, hashes, signal, have)
      }
    } catch (error) {
      const isServers = source === "server" && hashes.some((hash) => !this.#ways.has(hash))
      if (!isServers && !over.signal.aborted) giveUp(member, error)
    }
    member.lanes.delete(lane)
    if (!over.signal.aborted) this.#refuse(member, lane, hashes.length)
    this.#pump()
  }

  /** What did not come is not asked for there again; where nothing came twice in a row, nothing is. */
  #refuse({ refused }: Member, { source, left }: Lane, asked: number): void {
    const known = refused.get(source) ?? { hashes: new Set(), inVain: 0 }
    refused.set(source, known)
    if (left.size < asked) known.inVain = 0
    else if (source !== "server") known.inVain++
    // Of the server it is known what it has.
    for (const hash of left) if (source !== "server" || !this.#ways.has(hash)) known.hashes.add(hash)
  }

  #taker(id: HostId, { lacks, lanes, refused, slow }: Member): Taker {
    const coming = new Set([...lanes].flatMap(({ left }) => [...left]))
    return {
      id,
      lacks: firstOf(lacks, (hash) => !coming.has(hash)),
      getsFrom: [...lanes].map(({ source }) => source),
      wayTo: (source) => this.#ways.way(source, id),
      wasRefused: (source, hash) => {
        const known = refused.get(source)
        return known !== undefined && (known.inVain >= MOST_IN_VAIN || known.hashes.has(hash))
      },
      isSlow: (source) => slow.has(source),
    }
  }

  #peers(): Peer[] {
    const whole = new Set(this.#ways.wholeHosts())
    return [...new Set([...whole, ...this.#members.keys()])].map((id) => {
      const member = this.#members.get(id)
      const isWhole = whole.has(id)
      return {
        id,
        isWhole,
        givesTo: this.#givesTo(id),
        // What it did not ask for it may have from before.
        has: (hash) => isWhole || member?.lacks.has(hash) === false,
        comesFrom: (hash) => [...(member?.lanes ?? [])].find(({ left }) => left.has(hash))?.source,
      }
    })
  }

  #server(to: HostId): ServerSource {
    const speed = this.#ways.way("server", to)
    return { givesTo: this.#givesTo("server", speed), has: (hash) => this.#ways.has(hash) }
  }

  /** @param speed counts only those that are reached so fast: who is slow takes little of a line */
  #givesTo(source: Source, speed?: WaySpeed): number {
    let lanes = 0
    for (const [id, member] of this.#members) {
      if (speed !== undefined && this.#ways.way(source, id) !== speed) continue
      for (const lane of member.lanes) if (lane.source === source) lanes++
    }
    return lanes
  }
}

/** The first of those that fit: what is behind so many can wait. */
function firstOf(hashes: ReadonlySet<BlobHash>, fits: (hash: BlobHash) => boolean): BlobHash[] {
  const first: BlobHash[] = []
  for (const hash of hashes) {
    if (fits(hash)) first.push(hash)
    if (first.length >= MOST_LOOKED_AT) break
  }
  return first
}
