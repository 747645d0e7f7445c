import type { Resources } from "../../protocol/resources.ts"
import type { Budget } from "../outlook.ts"
import type { Grid } from "./grid.ts"
import { HeldPlaces, Occupants, type PlaceHolder } from "./held-places.ts"

/**
 * What is free on one host, stretch by stretch, each from its first step to the next one's. Plain arrays of numbers: all questions of the
 * planner end here.
 */
export class Profile {
  /** Changes with each change, so that answers can be kept as long as they hold. */
  version = 0
  readonly total: Resources
  readonly #grid: Grid
  readonly #from: number[] = [0]
  readonly #memory: number[]
  readonly #gpus: number[]
  readonly #cores: number[]
  readonly #jobs: number[] = [0]
  readonly #occupants = new Occupants()
  #held: HeldPlaces | undefined

  constructor(total: Resources, grid: Grid) {
    this.total = total
    this.#grid = grid
    this.#memory = [total.memoryBytes]
    this.#gpus = [total.gpus]
    this.#cores = [total.cores]
  }

  /**
   * Takes `need`, `times` 1, or gives it back, -1, from the step in which `fromMs` lies to the step that begins at `toMs` or later, at least
   * for one step.
   */
  change(need: Resources, fromMs: number, toMs: number, times: 1 | -1): void {
    const first = this.#grid.stepOf(fromMs)
    const last = Math.min(this.#grid.steps, Math.max(this.#grid.stepAfter(toMs), first + 1))
    if (first >= last) return
    this.version++
    this.#occupants.change(need, toMs, times)
    const begin = this.#split(first)
    const end = last === this.#grid.steps ? this.#from.length : this.#split(last)
    for (let at = begin; at < end; at++) {
      this.#memory[at]! -= need.memoryBytes * times
      this.#gpus[at]! -= need.gpus * times
      this.#cores[at]! -= need.cores * times
      this.#jobs[at]! += times
    }
    // From behind, as joining moves what comes after.
    if (end < this.#from.length) this.#join(end)
    if (begin > 0) this.#join(begin)
  }

  /**
   * The first moment from `fromMs` on at which `need` has room for as long as `limitMs`, the step of its very end included; Infinity where
   * there is none before the end of the window.
   * @param alone only where nobody else is
   */
  firstRoom(need: Resources, alone: boolean, limitMs: number, fromMs: number): number {
    const grid = this.#grid
    let startMs = fromMs
    const firstStep = grid.stepOf(startMs)
    if (firstStep >= grid.steps) return Number.POSITIVE_INFINITY
    let at = this.#indexOf(firstStep)
    let last = grid.stepOf(startMs + limitMs)
    while (at < this.#from.length && this.#from[at]! <= last) {
      if (this.#hasRoom(at, need, alone)) {
        at++
        continue
      }
      at++
      if (at === this.#from.length) return Number.POSITIVE_INFINITY
      startMs = grid.msOf(this.#from[at]!)
      last = grid.stepOf(startMs + limitMs)
    }
    return startMs
  }

  /** Whether {@link firstRoom} is that very moment, without a look for a later one. */
  hasRoomAt(need: Resources, alone: boolean, limitMs: number, startMs: number): boolean {
    const firstStep = this.#grid.stepOf(startMs)
    if (firstStep >= this.#grid.steps) return false
    const last = this.#grid.stepOf(startMs + limitMs)
    for (let at = this.#indexOf(firstStep); at < this.#from.length && this.#from[at]! <= last; at++) {
      if (!this.#hasRoom(at, need, alone)) return false
    }
    return true
  }

  /** From now on nobody is given room here who could be in the way of the holder. When their number changes {@link touch} must be called. */
  addHolder(holder: PlaceHolder, budget: Budget): void {
    this.version++
    this.#held ??= new HeldPlaces(this.total, this.#occupants, this.#grid.endMs, budget)
    this.#held.add(holder)
  }

  deleteHolder(holder: PlaceHolder): void {
    this.version++
    this.#held?.delete(holder)
  }

  touch(): void {
    this.version++
  }

  /** Whether who takes this from `startMs` on could be in the way of one who holds its place here. */
  isHeldFrom(need: Resources, startMs: number, limitMs: number): boolean {
    return this.#held?.forbid(need, startMs + limitMs, this.version) === true
  }

  get nowMs(): number {
    return this.#grid.nowMs
  }

  /** Whether there is room for it in the step that is now. */
  hasRoomNow(need: Resources, alone: boolean): boolean {
    return this.#hasRoom(0, need, alone)
  }

  #hasRoom(at: number, need: Resources, alone: boolean): boolean {
    if (alone) return this.#jobs[at] === 0
    // Who asks for nothing of it takes nothing away, even where others hold more than there is.
    return (
      (need.memoryBytes === 0 || need.memoryBytes <= this.#memory[at]!) &&
      (need.gpus === 0 || need.gpus <= this.#gpus[at]!) &&
      (need.cores === 0 || need.cores <= this.#cores[at]!)
    )
  }

  /** The stretch that the step lies in. */
  #indexOf(step: number): number {
    let [low, high] = [0, this.#from.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#from[middle]! <= step) low = middle
      else high = middle - 1
    }
    return low
  }

  /** @returns the stretch that begins with the step */
  #split(step: number): number {
    const at = this.#indexOf(step)
    if (this.#from[at] === step) return at
    insert(this.#from, at + 1, step)
    insert(this.#memory, at + 1, this.#memory[at]!)
    insert(this.#gpus, at + 1, this.#gpus[at]!)
    insert(this.#cores, at + 1, this.#cores[at]!)
    insert(this.#jobs, at + 1, this.#jobs[at]!)
    return at + 1
  }

  /** With the one before, where nothing differs. */
  #join(at: number): void {
    const isAlike =
      this.#memory[at] === this.#memory[at - 1] &&
      this.#gpus[at] === this.#gpus[at - 1] &&
      this.#cores[at] === this.#cores[at - 1] &&
      this.#jobs[at] === this.#jobs[at - 1]
    if (!isAlike) return
    remove(this.#from, at)
    remove(this.#memory, at)
    remove(this.#gpus, at)
    remove(this.#cores, at)
    remove(this.#jobs, at)
  }
}

/** For arrays as short as these are it is quicker than `splice`, which makes another one each time. */
function insert(values: number[], at: number, value: number): void {
  for (let i = values.length; i > at; i--) values[i] = values[i - 1]!
  values[at] = value
}

function remove(values: number[], at: number): void {
  for (let i = at + 1; i < values.length; i++) values[i - 1] = values[i]!
  values.pop()
}
