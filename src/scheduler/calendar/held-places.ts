import { fits, type Resources } from "../../protocol/resources.ts"
import { type Budget, fitsWhereAsked, type Occupant, Outlook } from "../outlook.ts"

/** Jobs alike for which no time could be found, as they hold their place on one host. */
export interface PlaceHolder {
  /** What each of them takes of the host. */
  readonly need: Resources
  /** The same for all hosts on which they do. */
  readonly jobs: { readonly count: number }
  /** Before then it could not be there in any case. */
  readonly fromMs: number
  /**
   * It also waits for something besides this host: other hosts, or pieces. Then what is known of the ends of jobs here says nothing of when
   * its time comes.
   */
  readonly isFirm: boolean
}

/** Who is on a host, now or later as planned: kept only as far as it is asked for. */
export class Occupants {
  /** How many of them have no end that is known. */
  endless = 0
  readonly #counts: { readonly need: Resources; count: number }[] = []
  #all: readonly Occupant[] = []
  /** What came and went since it was last asked for. */
  #changes: { readonly need: Resources; readonly times: 1 | -1 }[] = []

  change(need: Resources, toMs: number, times: 1 | -1): void {
    this.#changes.push({ need, times })
    if (toMs === Number.POSITIVE_INFINITY) this.endless += times
  }

  all(): readonly Occupant[] {
    if (this.#changes.length === 0) return this.#all
    for (const { need, times } of this.#changes) {
      // They are few, and mostly the very same.
      const known = this.#counts.find((one) => isSame(one.need, need))
      if (known === undefined) this.#counts.push({ need, count: times })
      else known.count += times
    }
    this.#changes = []
    this.#all = this.#counts.filter(({ count }) => count > 0)
    return this.#all
  }
}

/**
 * The places that jobs without a time hold on one host. Who stands behind them may be there only if it always fits beside whatever could run
 * there without it (the outlook): whoever ends first, none of them finds it in the way.
 *
 * Where all that is there has a known end, and the holder waits for nothing but this host, it is known that it cannot be there within the
 * window: then only those are in its way that are there at the end of that.
 */
export class HeldPlaces {
  readonly #total: Resources
  readonly #occupants: Occupants
  readonly #windowEndMs: number
  readonly #budget: Budget
  readonly #holders: PlaceHolder[] = []
  #firm = 0
  #outlook: { readonly version: number; readonly of: Outlook } | undefined

  constructor(total: Resources, occupants: Occupants, windowEndMs: number, budget: Budget) {
    this.#total = total
    this.#occupants = occupants
    this.#windowEndMs = windowEndMs
    this.#budget = budget
  }

  add(holder: PlaceHolder): void {
    this.#holders.push(holder)
    if (holder.isFirm) this.#firm++
  }

  delete(holder: PlaceHolder): void {
    this.#holders.splice(this.#holders.indexOf(holder), 1)
    if (holder.isFirm) this.#firm--
  }

  /**
   * Whether a job that ends at `endMs` could be in the way of a holder.
   * @param version of the host: the same as long as nothing of it has changed
   */
  forbid(need: Resources, endMs: number, version: number): boolean {
    const isLong = endMs >= this.#windowEndMs || this.#occupants.endless > 0
    if (!isLong && this.#firm === 0) return false
    // Of those that are set aside none is there at the moment.
    const isConcerned = ({ fromMs, isFirm, jobs }: PlaceHolder) =>
      jobs.count > 0 && fromMs < endMs && (isLong || isFirm)
    let concerned = 0
    for (const holder of this.#holders) {
      if (!isConcerned(holder)) continue
      // Most are in the way of one holder alone already, which is said at once.
      if (clash(need, holder.need, this.#total)) return true
      concerned++
    }
    if (concerned === 0) return false
    const isAll = concerned === this.#holders.length
    const outlook = isAll ? this.#outlookOfAll(version) : this.#look(this.#holders.filter(isConcerned))
    return !outlook.alwaysFits(need, this.#budget)
  }

  #outlookOfAll(version: number): Outlook {
    if (this.#outlook?.version !== version) this.#outlook = { version, of: this.#look(this.#holders) }
    return this.#outlook.of
  }

  #look(holders: readonly PlaceHolder[]): Outlook {
    const holding = holders.map(({ need, jobs }) => ({ need, count: jobs.count }))
    return new Outlook([...holding, ...this.#occupants.all()], this.#total)
  }
}

function isSame(a: Resources, b: Resources): boolean {
  return a === b || (a.memoryBytes === b.memoryBytes && a.gpus === b.gpus && a.cores === b.cores)
}

/** Whether both could be on the host, each by itself, and not beside each other. */
function clash(need: Resources, other: Resources, total: Resources): boolean {
  return fits(other, total) && !fitsWhereAsked(need, other, total)
}
