/** The clock of the planner: steps of a fixed length from before now to the end of its window, both on the grid of the wall clock. */
export class Grid {
  readonly nowMs: number
  readonly stepMs: number
  readonly beginMs: number
  readonly endMs: number
  /** How many steps there are. */
  readonly steps: number

  /** @param windowMs how far ahead is planned */
  constructor(nowMs: number, windowMs: number, stepMs: number) {
    this.nowMs = nowMs
    this.stepMs = stepMs
    this.beginMs = Math.floor(nowMs / stepMs) * stepMs
    this.endMs = Math.floor((nowMs + windowMs) / stepMs) * stepMs
    this.steps = Math.max(0, Math.round((this.endMs - this.beginMs) / stepMs))
  }

  /** The step that the moment lies in; not below 0. */
  stepOf(ms: number): number {
    return Math.max(0, Math.floor((ms - this.beginMs) / this.stepMs))
  }

  /** The first step that begins then or later. */
  stepAfter(ms: number): number {
    return Math.ceil((ms - this.beginMs) / this.stepMs)
  }

  msOf(step: number): number {
    return this.beginMs + step * this.stepMs
  }
}
