import type { Pool } from "../test/support/pool.ts"
import type { Figure } from "./figure.ts"

/** One thing worth measuring. */
export interface Benchmark {
  readonly name: string
  /** What was done, for readers of the numbers. */
  readonly about: string
  run(surroundings: Surroundings): Promise<readonly Figure[]>
  /** What there is to say besides numbers with bounds, in Markdown; asked for after {@link run}. */
  more?(): string
}

export interface Surroundings {
  /** A server and four lab hosts behind real sshds, all idle, shared by the benchmarks. */
  pool(): Promise<Pool>
  /** Says how it goes. */
  note(line: string): void
}
