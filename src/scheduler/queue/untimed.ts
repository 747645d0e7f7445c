import type { JobId } from "../../protocol/ids.ts"
import type { Room } from "../calendar/calendar.ts"
import type { Found } from "./found.ts"
import type { LimitReasons } from "./limit-reasons.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"

/** Why a job without a time may yet start, be it that room comes, or its turn, or that it waits for a limit no more. */
const MAY_START: ReadonlySet<string> = new Set(["limit", "array_limit", "in_turn", "resources", "priority", "pieces"])

const NOTHING_KEPT: readonly { readonly room: Room }[] = []

/**
 * Who of those before a job has no time of its own, and keeps no place either. As soon as such a one may, it starts before those behind it, and
 * may take the room that was kept for them: how late these start nobody can say, nor how late those do whose room they would have then.
 */
export class Untimed {
  readonly #limits: LimitReasons
  #isEmpty = true
  readonly #byPlace: FirstTwo[] = []
  readonly #byPiece = new Map<string, FirstTwo>()
  /** By what counts against limits. */
  readonly #byCount = new Map<object, FirstTwo>()
  readonly #noted = new Map<LineRequest, FirstTwo>()

  constructor(limits: LimitReasons) {
    this.#limits = limits
  }

  /**
   * What was found at the turn of a line, with who is before it.
   * @param kept what its job has from other turns, too: where that comes to nothing it may yet take its room here
   * @param isSettled what has no time here has one elsewhere: nobody is behind that
   */
  look(
    line: Line,
    request: LineRequest,
    found: readonly Found[],
    kept = NOTHING_KEPT,
    isSettled = false,
  ): readonly Found[] {
    if (!this.#isEmpty && line.asking.hasSeveralTurns) {
      for (const { room } of kept) {
        const behind = this.firstBefore(line, room)
        if (behind !== undefined) this.#note(behind, line, request)
      }
    }
    let told: Found[] | undefined
    let before: JobId | undefined
    for (let i = 0; i < found.length; i++) {
      const one = found[i]!
      if (one.room === null) {
        if (!isSettled && mayYetStart(one)) this.#note(line.id, line, request)
      } else if (!this.#isEmpty && !one.isStart && one.reason?.code !== "preempting") {
        // What is kept for owners before all turns knows already.
        const behind =
          (one.ownersFirst === true ? one.behind : (one.behind ?? this.firstBefore(line, one.room))) ?? before
        if (behind === undefined) continue
        // Of an array the next task begins then that could have begun later.
        before = behind
        told ??= [...found]
        told[i] = { ...one, behind }
        this.#note(behind, line, request)
      }
    }
    return told ?? found
  }

  /** The line may come to start on these of its hosts before all others. */
  noteOn(places: readonly number[], line: Line): void {
    if (places.length >= line.spec.hosts) this.#add(line.spec.id, line, places)
  }

  /** Whether each of these places has somebody before it who has no time, whoever is told of room there: two such jobs, as one may be the asker. */
  areAllBehind(places: readonly number[]): boolean {
    return places.every((place) => this.#byPlace[place]?.second !== undefined)
  }

  /** Who may come to take the room before the line does, of those that were looked at by now. */
  firstBefore(line: Line, room: Room): JobId | undefined {
    if (this.#isEmpty) return undefined
    const { spec } = line
    for (const place of room.places) {
      const found = otherThan(spec.id, this.#byPlace[place])
      if (found !== undefined) return found
    }
    for (const name in spec.pieces) {
      const found = otherThan(spec.id, this.#byPiece.get(name))
      if (found !== undefined) return found
    }
    for (const count of this.#limits.watchedAmountsOf(line)) {
      const found = otherThan(spec.id, this.#byCount.get(count))
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The job may come to start where the line may. */
  #note(job: JobId, line: Line, request: LineRequest): void {
    const noted = this.#noted.get(request)
    // Who asks alike is behind the first who did.
    if (noted !== undefined && (noted.second !== undefined || noted.first === job)) return
    this.#noted.set(request, withNext(noted, job))
    this.#add(job, line, request.places)
  }

  #add(job: JobId, line: Line, places: readonly number[]): void {
    this.#isEmpty = false
    for (const place of places) this.#byPlace[place] = withNext(this.#byPlace[place], job)
    for (const name in line.spec.pieces) this.#byPiece.set(name, withNext(this.#byPiece.get(name), job))
    for (const count of this.#limits.countsOf(line)) this.#byCount.set(count, withNext(this.#byCount.get(count), job))
  }
}

/** The first of those that were noted, and the first other job, for that itself. */
interface FirstTwo {
  readonly first: JobId
  readonly second: JobId | undefined
}

function withNext(known: FirstTwo | undefined, job: JobId): FirstTwo {
  if (known === undefined) return { first: job, second: undefined }
  return known.second !== undefined || known.first === job ? known : { first: known.first, second: job }
}

function otherThan(job: JobId, known: FirstTwo | undefined): JobId | undefined {
  return known?.first === job ? known.second : known?.first
}

function mayYetStart({ reason, holds }: Found): boolean {
  if (reason === null || holds.length > 0) return false
  if (reason.code === "limit") return reason.hits[0]?.lasting !== true
  return "away" in reason || MAY_START.has(reason.code)
}
