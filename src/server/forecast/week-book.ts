import type { HostId } from "../../protocol/ids.ts"
import type { HostPresence } from "../../protocol/owner.ts"
import {
  learnPresence,
  noPresence,
  type PresenceLook,
  type WeeklyPresence,
} from "../../scheduler/forecast/weekly-presence.ts"
import type { LearnedWeekStore } from "../../store/learned-weeks.ts"

const HOUR_MS = 3_600_000
/** Agents tell once a minute who is there. After a longer silence nobody knows what was in between. */
const SILENCE_MS = 150_000
/** What shows that people at a host keep jobs from it. */
const IN_USE: ReadonlySet<string> = new Set(["owner_here", "owner_away_too_short"])

interface Learning {
  learns: boolean
  week: WeeklyPresence | null
  /** What was told last; `null`: nothing that says whether somebody is there. */
  last: { readonly atMs: number; readonly isHere: boolean } | null
  /** Seen, and not in `week` yet. */
  looks: PresenceLook[]
}

/**
 * When people are usually at the hosts, learned from what their agents tell. Of each host there is one week in the database, written once an
 * hour, so that a crash costs an hour of looks at most. Times are the server's: a host's clock may be wrong.
 */
export class WeekBook {
  readonly #store: LearnedWeekStore
  readonly #hosts = new Map<HostId, Learning>()

  constructor(store: LearnedWeekStore) {
    this.#store = store
    this.reload()
  }

  /** Makes everything anew from the database. */
  reload(): void {
    this.#hosts.clear()
    for (const { host, learns, week } of this.#store.all()) {
      this.#hosts.set(host, { learns, week, last: null, looks: [] })
    }
  }

  /** What was learned; `null`: nothing, or it is not to be. The same object as long as nothing new is in it. */
  weekOf(host: HostId): WeeklyPresence | null {
    return this.#hosts.get(host)?.week ?? null
  }

  learnsOf(host: HostId): boolean {
    return this.#hosts.get(host)?.learns ?? true
  }

  /** An agent has told who is there. Within a change. */
  note(host: HostId, { state, obstacles }: HostPresence, timeZone: string, nowMs: number): void {
    const known = this.#of(host)
    if (!known.learns) return
    const { last } = known
    const isKnown = state === "here" || state === "away"
    known.last = isKnown ? { atMs: nowMs, isHere: obstacles.some(({ code }) => IN_USE.has(code)) } : null
    if (last !== null && nowMs > last.atMs && nowMs - last.atMs <= SILENCE_MS) addLook(known.looks, last, nowMs)
    const [first] = known.looks
    if (first !== undefined && nowMs - first.fromMs >= HOUR_MS) this.#learn(host, known, timeZone)
  }

  /** The link is down: what comes next is no sequel. */
  silence(host: HostId): void {
    const known = this.#hosts.get(host)
    if (known !== undefined) known.last = null
  }

  /** Its owner wants it to be learned, or not; then what was learned is forgotten, too. Within a change. */
  setLearns(host: HostId, learns: boolean): void {
    this.#hosts.set(host, { learns, week: null, last: null, looks: [] })
    this.#store.put({ host, learns, week: null })
  }

  /** The host is gone, or is somebody else's: nothing is left of it. Within a change. */
  forget(host: HostId): void {
    this.#hosts.delete(host)
    this.#store.remove(host)
  }

  /** The policy turns it off. What owners said of their own Macs stays. Within a change. */
  forgetWeeks(): void {
    for (const [host, { learns, week }] of this.#hosts) {
      this.#hosts.set(host, { learns, week: null, last: null, looks: [] })
      if (week !== null) this.#store.put({ host, learns, week: null })
    }
  }

  #of(host: HostId): Learning {
    let known = this.#hosts.get(host)
    if (known === undefined) {
      known = { learns: true, week: null, last: null, looks: [] }
      this.#hosts.set(host, known)
    }
    return known
  }

  #learn(host: HostId, known: Learning, timeZone: string): void {
    const fromMs = known.looks[0]!.fromMs
    const before = known.week ?? noPresence(fromMs)
    // The server's clock was ahead for a while: what comes now is to count nevertheless.
    const week = { ...before, throughMs: Math.min(before.throughMs, fromMs) }
    known.week = learnPresence(week, known.looks, timeZone)
    known.looks = []
    this.#store.put({ host, learns: known.learns, week: known.week })
  }
}

function addLook(looks: PresenceLook[], { atMs, isHere }: NonNullable<Learning["last"]>, nowMs: number): void {
  const before = looks.at(-1)
  if (before !== undefined && before.toMs === atMs && before.isHere === isHere) {
    looks[looks.length - 1] = { ...before, toMs: nowMs }
  } else looks.push({ fromMs: atMs, toMs: nowMs, isHere })
}
