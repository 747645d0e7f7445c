import type { BlobHash, HostId } from "../../../protocol/ids.ts"

/** Who gives blobs: the server, or a host. */
export type Source = HostId | "server"

/** How fast a way is: by Thunderbolt 3, by cable or by nobody knows what 2, by Wi-Fi 1. */
export type WaySpeed = 1 | 2 | 3

/** A host that may give some of a tree. */
export interface Peer {
  readonly id: HostId
  /** It has all of it. */
  readonly isWhole: boolean
  /** To how many it gives just now. */
  readonly givesTo: number
  has(hash: BlobHash): boolean
  /** From where it is just getting the blob. */
  comesFrom(hash: BlobHash): Source | undefined
}

/** The host that wants blobs. */
export interface Taker {
  readonly id: HostId
  /** What it lacks and is not getting, in the order in which all want it. */
  readonly lacks: readonly BlobHash[]
  /** From how many, each as often as it gets something from there, it gets blobs just now. */
  readonly getsFrom: readonly Source[]
  wayTo(source: Source): WaySpeed
  /** Whether the source was asked for the blob, and did not give it. */
  wasRefused(source: Source, hash: BlobHash): boolean
  /** Whether the source gave so little that others are taken as long as they can give. */
  isSlow(source: Source): boolean
}

export interface ServerSource {
  /** To how many hosts that it reaches as fast it gives just now. */
  readonly givesTo: number
  has(hash: BlobHash): boolean
}

export interface Choice {
  readonly source: Source
  readonly hashes: readonly BlobHash[]
}

export interface ChoiceLimits {
  /** To how many one source gives at once: all of them share its line. */
  readonly givesTo: number
  readonly getsFromOne: number
  readonly getsFrom: number
  readonly bytes: number
  readonly hashes: number
}

export const CHOICE_LIMITS: ChoiceLimits = {
  givesTo: 2,
  getsFromOne: 2,
  getsFrom: 4,
  bytes: 64 * 1024 * 1024,
  hashes: 2_000,
}

/**
 * What a host is to get next, and from where; `null`: nothing as things are. What another one has, or is just getting, it gets from there, if that way is no
 * slower: so each blob leaves the server once. The fastest way goes first, and of equal ones that which is least used.
 * @param bytesOf how large a blob is; what is not known counts as one MB
 */
export function chooseSource(
  taker: Taker,
  peers: readonly Peer[],
  server: ServerSource,
  bytesOf: (hash: BlobHash) => number | undefined,
  limits: ChoiceLimits = CHOICE_LIMITS,
): Choice | null {
  const { lacks, getsFrom } = taker
  if (lacks.length === 0 || getsFrom.length >= limits.getsFrom) return null
  const isFree = (source: Source, givesTo: number) =>
    givesTo < limits.givesTo && getsFrom.filter((one) => one === source).length < limits.getsFromOne
  const others = peers
    .filter(({ id }) => id !== taker.id)
    .toSorted((a, b) => taker.wayTo(b.id) - taker.wayTo(a.id) || a.givesTo - b.givesTo)
  const batch = (source: Source, fits: (hash: BlobHash) => boolean): Choice | null => {
    const hashes: BlobHash[] = []
    let left = limits.bytes
    for (const hash of lacks) {
      if (!fits(hash)) continue
      const bytes = bytesOf(hash) ?? 1024 * 1024
      if (hashes.length > 0 && bytes > left) break
      hashes.push(hash)
      left -= bytes
      if (left <= 0 || hashes.length >= limits.hashes) break
    }
    return hashes.length === 0 ? null : { source, hashes }
  }
  const firstOf = (sources: readonly Peer[]): Choice | null => {
    for (const peer of sources) {
      const choice = isFree(peer.id, peer.givesTo)
        ? batch(peer.id, (hash) => canGive(peer, hash, taker, peers, server))
        : null
      if (choice !== null) return choice
    }
    return null
  }
  const whole = firstOf(others.filter((peer) => peer.isWhole))
  if (whole !== null) return whole
  if (isFree("server", server.givesTo)) {
    const isNobodys = (hash: BlobHash) =>
      serverGives(server, hash, taker) && !others.some((peer) => canGive(peer, hash, taker, peers, server))
    const choice = batch("server", isNobodys)
    if (choice !== null) return choice
  }
  return firstOf(others.filter((peer) => !peer.isWhole))
}

/** Whether anybody could give it, if not now. */
export function isToBeHad(hash: BlobHash, taker: Taker, peers: readonly Peer[], server: ServerSource): boolean {
  return (
    serverGives(server, hash, taker) ||
    peers.some((peer) => peer.id !== taker.id && canGive(peer, hash, taker, peers, server))
  )
}

/** Whether anybody else could give it, and is not slow either. */
export function isToBeHadElsewhere(
  source: Source,
  hash: BlobHash,
  taker: Taker,
  peers: readonly Peer[],
  server: ServerSource,
): boolean {
  const isOther = (id: Source) => id !== source && !taker.isSlow(id)
  return (
    serverGives(server, hash, taker) ||
    peers.some((peer) => peer.id !== taker.id && isOther(peer.id) && canGive(peer, hash, taker, peers, server))
  )
}

function serverGives(server: ServerSource, hash: BlobHash, taker: Taker): boolean {
  return server.has(hash) && !taker.wasRefused("server", hash)
}

function canGive(peer: Peer, hash: BlobHash, taker: Taker, peers: readonly Peer[], server: ServerSource): boolean {
  if (taker.wasRefused(peer.id, hash)) return false
  if (!peer.has(hash) && !comesWithout(taker.id, peer, hash, peers)) return false
  if (taker.isSlow(peer.id) && isToBeHadElsewhere(peer.id, hash, taker, peers, server)) return false
  return taker.wayTo(peer.id) >= taker.wayTo("server") || !serverGives(server, hash, taker)
}

/** Whether the blob is on its way to the peer, and that way does not begin at, or lead through, the one who asks. */
function comesWithout(asks: HostId, peer: Peer, hash: BlobHash, peers: readonly Peer[]): boolean {
  const seen = new Set<Source>([asks])
  let source = peer.comesFrom(hash)
  if (source === undefined || seen.has(peer.id)) return false
  for (seen.add(peer.id); source !== "server"; ) {
    if (seen.has(source)) return false
    seen.add(source)
    const next = peers.find(({ id }) => id === source)
    if (next === undefined) return false
    if (next.has(hash)) return true
    const from = next.comesFrom(hash)
    if (from === undefined) return false
    source = from
  }
  return true
}
