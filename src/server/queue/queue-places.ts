import type { JobId } from "../../protocol/ids.ts"

type Places = Map<JobId, number>

/** Places in the queue from 1, counted when one is first asked for after a change: by turn, and as the last plan has them, where one is made. */
export class QueuePlaces {
  readonly #waiting: () => Iterable<JobId>
  #byTurn: Places | undefined
  #planned: ReadonlyMap<JobId, number> | undefined
  #count: (() => ReadonlyMap<JobId, number>) | undefined

  /** @param waiting jobs that wait, by turn */
  constructor(waiting: () => Iterable<JobId>) {
    this.#waiting = waiting
  }

  /** `null` when it does not wait. */
  byTurn(id: JobId): number | null {
    this.#byTurn ??= new Map([...this.#waiting()].map((waiting, at) => [waiting, at + 1]))
    return this.#byTurn.get(id) ?? null
  }

  /** `null` when it does not wait, came since it was planned last, or is kept out of the order. */
  planned(id: JobId): number | null {
    this.#planned ??= this.#count?.()
    return this.#planned?.get(id) ?? null
  }

  /** @param count the places of those that still wait when it is called, in the order of the latest plan */
  setPlanned(count: () => ReadonlyMap<JobId, number>): void {
    this.#planned = undefined
    this.#count = count
  }

  changed(): void {
    this.#byTurn = undefined
    this.#planned = undefined
  }

  /** Who comes last moves nobody: places are not counted anew for each of many that come at once. */
  cameLast(id: JobId): void {
    this.#byTurn?.set(id, this.#byTurn.size + 1)
  }
}
