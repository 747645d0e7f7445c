import { chooseHosts } from "../calendar/choose-hosts.ts"
import type { HostSet } from "../calendar/host-set.ts"
import { areAllCabled, isWorse, type LinkedHost, type LinkLevel, levelOf, pairLink } from "./set-link.ts"

/** What is known of the links between hosts, by their places in the planner's list. */
export interface Links {
  readonly hosts: readonly (LinkedHost | undefined)[]
  /** Megabits a second between two, as measured; `null`: not measured. */
  readonly measured: (a: number, b: number) => number | null
}

/** Which of the hosts that have room a job gets, in order; `null` when there are too few. */
export type HostChoice = (room: HostSet, count: number, weights: readonly number[]) => readonly number[] | null

/** @param links `null`: all hosts are linked alike, as far as is known */
export function hostChoice(links: Links | null): HostChoice {
  if (links === null) return chooseHosts
  return (room, count, weights) => chooseLinked(room, count, weights, links)
}

/** So many sets are looked at for one level of links; where that is not enough the next level is. */
const MOST_LOOKS = 4_000

/**
 * Which of the hosts that have room a job on several gets: those that are linked best, by {@link levelOf}; among equally good sets the one
 * with the lightest hosts, then the first in the order of places. Where nothing is known of links, as without them.
 * @returns places in order, or `null` when there are too few
 */
export function chooseLinked(
  room: HostSet,
  count: number,
  weights: readonly number[],
  links: Links,
): readonly number[] | null {
  const { hosts, measured } = links
  const places = room.toArray().sort((a, b) => weights[a]! - weights[b]! || a - b)
  if (count === 1 || places.length < count || places.every((place) => hosts[place] === undefined)) {
    return chooseHosts(room, count, weights)
  }
  const cabled = find(places, count, weights, (set, place) => areAllCabled([...set, place].map((at) => hosts[at])))
  if (cabled !== null) return inOrder(cabled)
  const levels = new Map<number, LinkLevel>()
  const levelBetween = (a: number, b: number): LinkLevel => {
    const key = Math.min(a, b) * hosts.length + Math.max(a, b)
    let level = levels.get(key)
    if (level === undefined) {
      level = levelOf(pairLink(hosts[a], hosts[b], measured(a, b)))
      levels.set(key, level)
    }
    return level
  }
  for (const least of levelsIn(places, levelBetween)) {
    const isEnough = (a: number, b: number) => !isWorse(levelBetween(a, b), least)
    const found = find(places, count, weights, (set, place) => set.every((one) => isEnough(one, place)))
    if (found !== null) return inOrder(found)
  }
  return chooseHosts(room, count, weights)
}

function levelsIn(places: readonly number[], between: (a: number, b: number) => LinkLevel): LinkLevel[] {
  const found = new Map<string, LinkLevel>()
  for (const [i, a] of places.entries()) {
    for (const b of places.slice(i + 1)) {
      const level = between(a, b)
      found.set(`${level.kind} ${level.step}`, level)
    }
  }
  return [...found.values()].sort((a, b) => (isWorse(a, b) ? 1 : -1))
}

/**
 * The set with the lightest hosts of which each fits to those before it: its lightest decides, then its next; of equals the first in the order of
 * places. `null`: none. Within so many looks: what it has found by then.
 * @param places the lightest first
 */
function find(
  places: readonly number[],
  count: number,
  weights: readonly number[],
  fits: (set: readonly number[], place: number) => boolean,
): readonly number[] | null {
  const set: number[] = []
  let best: readonly number[] | null = null
  let looks = 0
  /** With the lightest of those from here on that may be: whether that would be lighter than what was found. */
  const mayBeLighter = (from: number): boolean => {
    for (const [at, known] of (best ?? []).entries()) {
      const place = at < set.length ? set[at]! : places[from + at - set.length]!
      if (weights[place] !== weights[known]) return weights[place]! < weights[known]!
    }
    return best === null
  }
  const grow = (from: number): void => {
    if (set.length === count) best = [...set]
    for (let at = from; at <= places.length - (count - set.length) && set.length < count; at++) {
      if (++looks > MOST_LOOKS || !mayBeLighter(at)) return
      const place = places[at]!
      if (set.length > 0 && !fits(set, place)) continue
      set.push(place)
      grow(at + 1)
      set.pop()
    }
  }
  grow(0)
  return best
}

function inOrder(places: readonly number[]): readonly number[] {
  return [...places].sort((a, b) => a - b)
}
