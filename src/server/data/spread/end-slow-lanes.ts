import type { Clock } from "../../../base/clock.ts"
import type { BlobHash, HostId } from "../../../protocol/ids.ts"
import type { Source, WaySpeed } from "./choose-source.ts"
import { isSlow } from "./slow-source.ts"
import type { Member } from "./spread-member.ts"

/** What a blob of unknown size counts as. */
export const UNKNOWN_BYTES = 1024 * 1024
const LOOK_MS = 1_000

/** Looks after lanes now and then, as long as there are any to look after. */
export class LaneWatch {
  readonly #clock: Clock
  readonly #look: () => void
  #end: AbortController | null = null

  constructor(clock: Clock, look: () => void) {
    this.#clock = clock
    this.#look = look
  }

  set(isNeeded: boolean): void {
    if (isNeeded === (this.#end !== null)) return
    this.#end?.abort()
    this.#end = isNeeded ? new AbortController() : null
    if (this.#end !== null) this.#run(this.#end.signal).catch(() => {})
  }

  /** @throws the signal's reason */
  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(LOOK_MS, { signal })
      this.#look()
    }
  }
}

interface Ground {
  readonly clock: Clock
  way(a: Source, b: Source): WaySpeed
  bytesOf(hash: BlobHash): number | undefined
}

/**
 * Ends what hosts give too slowly, where others can give it: these are taken from then on.
 * @param hasOther whether a host could get the blob from any other source that is not slow
 */
export function endSlowLanes(
  ground: Ground,
  members: ReadonlyMap<HostId, Member>,
  hasOther: (source: Source, hash: BlobHash, to: HostId, member: Member) => boolean,
): void {
  const nowMs = ground.clock.monotonicMs()
  for (const [id, member] of members) {
    for (const lane of member.lanes) {
      const { source, left, over } = lane
      const [next] = left
      if (source === "server" || next === undefined || over.signal.aborted) continue
      if (members.get(source)?.lacks.has(next) === true) {
        // It cannot give faster than it gets.
        lane.sinceMs = nowMs
        lane.hadBytes = 0
        continue
      }
      const pace = paceOfOthers(id, member, source, members, ground)
      // Where no other gave it anything, it may be this host that is slow: so that is tried once.
      if (pace.isGuess && member.slow.size > 0 && !member.slow.has(source)) continue
      const progress = { elapsedMs: nowMs - lane.sinceMs, hadBytes: lane.hadBytes, way: ground.way(source, id) }
      const nextBytes = ground.bytesOf(next) ?? UNKNOWN_BYTES
      if (!isSlow({ ...progress, nextBytes, othersBytesPerMs: pace.bytesPerMs })) continue
      if (!hasOther(source, next, id, member)) continue
      member.slow.add(source)
      over.abort(new Error("it gives too slowly"))
    }
  }
}

/** What other sources give to the host or, where none has, to other hosts over ways that are no faster. */
function paceOfOthers(
  id: HostId,
  { paces, slow }: Member,
  source: Source,
  members: ReadonlyMap<HostId, Member>,
  ground: Ground,
): { readonly bytesPerMs: number | null; readonly isGuess: boolean } {
  const own = paces.of((one) => one !== source && !slow.has(one))
  if (own !== null) return { bytesPerMs: own, isGuess: false }
  const speed = ground.way(source, id)
  const others = [...members].flatMap(([other, member]) =>
    other === id ? [] : (member.paces.of((one) => one !== source && ground.way(one, other) <= speed) ?? []),
  )
  const mean = others.length === 0 ? null : others.reduce((sum, one) => sum + one, 0) / others.length
  return { bytesPerMs: mean, isGuess: true }
}
