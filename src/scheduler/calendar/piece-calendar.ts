import type { Resources } from "../../protocol/resources.ts"
import type { Grid } from "./grid.ts"
import type { Pieces } from "./need.ts"
import { Profile } from "./profile.ts"

/** What is promised to whom of the pieces that the whole pool has. */
export class PieceCalendar {
  readonly #profiles: ReadonlyMap<string, Profile>

  constructor(pieces: Pieces, grid: Grid) {
    const profiles = Object.entries(pieces).map(([name, count]) => [name, new Profile(piecesOf(count), grid)] as const)
    this.#profiles = new Map(profiles)
  }

  hold(pieces: Pieces, fromMs: number, toMs: number, times: 1 | -1 = 1): void {
    for (const name in pieces) this.#profiles.get(name)?.change(piecesOf(pieces[name]!), fromMs, toMs, times)
  }

  /** Those of which there are some, with what is asked for of each. */
  asked(pieces: Pieces): readonly (readonly [profile: Profile, need: Resources])[] {
    return Object.entries(pieces).flatMap(([name, needed]) => {
      const profile = this.#profiles.get(name)
      return profile === undefined || needed === 0 ? [] : [[profile, piecesOf(needed)] as const]
    })
  }

  /** Of which of the pieces there are too few in this moment. */
  missing(pieces: Pieces): readonly string[] {
    return Object.keys(pieces).filter((name) => {
      const needed = pieces[name]!
      return needed > 0 && this.#profiles.get(name)?.hasRoomNow(piecesOf(needed), false) !== true
    })
  }

  /** The first moment from `fromMs` on from which there are enough of all for as long as `forMs`. */
  firstRoom(pieces: Pieces, fromMs: number, forMs: number): number {
    let startMs = fromMs
    for (let beforeMs = Number.NaN; beforeMs !== startMs; ) {
      beforeMs = startMs
      for (const name in pieces) {
        const profile = this.#profiles.get(name)
        const needed = pieces[name]!
        if (needed === 0) continue
        if (profile === undefined) return Number.POSITIVE_INFINITY
        startMs = profile.firstRoom(piecesOf(needed), false, forMs, startMs)
        if (profile.isHeldFrom(piecesOf(needed), startMs, forMs)) return Number.POSITIVE_INFINITY
      }
    }
    return startMs
  }
}

function piecesOf(count: number): Resources {
  return { memoryBytes: 0, gpus: 0, cores: count }
}
