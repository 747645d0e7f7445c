import type { Resources } from "../../protocol/resources.ts"
import type { Profile } from "../calendar/profile.ts"
import { takesJobs } from "../obstacle.ts"
import type { LeastNeeds } from "./least-needs.ts"
import type { Preemptor } from "./preempt.ts"
import type { QueueScene } from "./queue-scene.ts"

/** For so many of an owner's waiting jobs room is sought on their own hosts before all turns: who has more has them all there for long. */
const MOST_HELD = 64

const NO_PLACES: readonly number[] = []

interface Among {
  /** By place, from 1 in the order in which they stand there; 0 for those that do not. */
  readonly ranks: Int32Array
  readonly byUser: Map<string, readonly number[]>
}

/** Whose hosts are whose, and on whose of them something of theirs could still start, though guests may have to give way. */
export class OwnHosts {
  readonly #scene: QueueScene
  readonly #profiles: readonly Profile[]
  readonly #preemptor: Preemptor
  readonly #places = new Map<string, number[]>()
  readonly #least: LeastNeeds
  readonly #owners: Set<string>
  /** Owners with own hosts on which something of theirs could be planned. */
  readonly #holders: Set<string>
  readonly #looks = new Map<string, number>()
  /** By the places of a request, which like requests share. */
  readonly #among = new Map<readonly number[], Among>()

  /** @param least of all who stand in the queue */
  constructor(scene: QueueScene, profiles: readonly Profile[], preemptor: Preemptor, least: LeastNeeds) {
    this.#scene = scene
    this.#profiles = profiles
    this.#preemptor = preemptor
    for (const [place, { owner }] of scene.hosts.entries()) {
      if (owner === null) continue
      const own = this.#places.get(owner)
      if (own === undefined) this.#places.set(owner, [place])
      else own.push(place)
    }
    this.#least = least
    this.#owners = new Set([...this.#places.keys()].filter((user) => this.#mayFind(user)))
    const { backfill, owners } = scene.policy
    this.#holders = new Set(backfill.enabled && owners.first ? this.#places.keys() : [])
  }

  /** Users who may find something on their own hosts. Who has found nothing there, and never will in this pass, leaves it. */
  get owners(): ReadonlySet<string> {
    return this.#owners
  }

  /** Whether a job of theirs may be looked at before its turn. */
  concerns(user: string): boolean {
    return this.#owners.has(user) || this.#holders.has(user)
  }

  /** Whether there are none left for whom {@link concerns} is true. */
  get isOver(): boolean {
    return this.#owners.size === 0 && this.#holders.size === 0
  }

  /** Whether something may be kept for them on their own hosts. */
  mayHold(user: string): boolean {
    return this.#holders.has(user)
  }

  /** One more job of theirs was looked at. */
  lookedAt(user: string): void {
    const count = (this.#looks.get(user) ?? 0) + 1
    this.#looks.set(user, count)
    if (count === MOST_HELD) this.#holders.delete(user)
  }

  /** A job of theirs has found no room there at any time. */
  heldNothing(user: string): void {
    if (!this.#mayFindLater(user)) this.#holders.delete(user)
  }

  /** By place in the scene. */
  placesOf(user: string): readonly number[] {
    return this.#places.get(user) ?? NO_PLACES
  }

  /** Those of these places that are theirs, in the same order. @param places of a request, the same list for all who ask alike */
  among(places: readonly number[], user: string): readonly number[] {
    let among = this.#among.get(places)
    if (among === undefined) {
      const ranks = new Int32Array(this.#profiles.length)
      for (let at = 0; at < places.length; at++) ranks[places[at]!] = at + 1
      among = { ranks, byUser: new Map() }
      this.#among.set(places, among)
    }
    const { ranks, byUser } = among
    let found = byUser.get(user)
    if (found === undefined) {
      found = this.placesOf(user)
        .filter((place) => ranks[place] !== 0)
        .sort((a, b) => ranks[a]! - ranks[b]!)
      byUser.set(user, found)
    }
    return found
  }

  /** A job of theirs has found nothing. */
  foundNothing(user: string): void {
    if (!this.#mayFind(user)) this.#owners.delete(user)
  }

  #mayFindLater(user: string): boolean {
    return this.placesOf(user).some((place) => {
      const profile = this.#profiles[place]!
      return profile.firstRoom(this.#leastOn(place), false, 0, profile.nowMs) !== Number.POSITIVE_INFINITY
    })
  }

  #leastOn(place: number): Resources {
    return this.#least.from(0, this.#scene.hosts[place]!.total)
  }

  /** Room only shrinks, and who was preempted does not come back. */
  #mayFind(user: string): boolean {
    return this.placesOf(user).some((place) => {
      const host = this.#scene.hosts[place]!
      return (
        (takesJobs(host) && this.#profiles[place]!.hasRoomNow(this.#leastOn(place), false)) ||
        this.#preemptor.mayAskGuestsToGo(place, user)
      )
    })
  }
}
