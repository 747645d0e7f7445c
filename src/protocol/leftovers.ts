import type { AttemptId } from "./ids.ts"

/** Strays told of at most: a host with more has them told as they come to be the first. */
export const MAX_STRAYS = 100

/** What is still on a host of attempts that have ended. What is not named is gone. */
export interface Leftovers {
  readonly strays: readonly Stray[]
  /** Memory that attempts held, that no process holds now, and that is still not free; 0 for none to speak of. */
  readonly missingBytes: number
}

/** A process that outlives its attempt. */
export interface Stray {
  readonly pid: number
  /** With the pid, one process and no other. */
  readonly start: string
  /** The program's name. Private to the job's owner: a process can write there what it wants. */
  readonly command: string
  /** The attempt it is of, or whose end brought it to light. */
  readonly attempt: AttemptId
  /** True when it is known to be the attempt's and could not be ended; false when all speaks for it and nothing proves it. */
  readonly certain: boolean
  readonly memoryBytes: number
}
