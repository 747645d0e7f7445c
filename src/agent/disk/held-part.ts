import type { HeldKind } from "../../protocol/host-disk.ts"
import type { Attempt } from "../attempt.ts"
import type { Holding } from "./disk-budget.ts"

/** One place where Windfall keeps things on a host. */
export interface HeldPart {
  /** What its things take, by kind, as far as it is known without a look at each. */
  sizes(): Partial<Record<HeldKind, number>>
  holdings(): Holding[] | Promise<Holding[]>
  /**
   * Removes these, but for what has come into use since they were listed. Resolves when the disk has their space again. What is
   * half removed when the agent dies is not taken for whole, and goes with the next one.
   */
  remove(holdings: readonly Holding[]): Promise<void>
  /** Removes what was begun and will not be ended: it is of no use to anybody, however much room there is. */
  tidy?(): void
}

/** Attempts whose folders are here, by sequence number. */
export type Attempts = ReadonlyMap<number, Pick<Attempt, "phase" | "order" | "environment" | "folder">>
