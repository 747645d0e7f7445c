import { type AccountShare, partOfAll, partOfLevel, type Seat, type Shares, seatsOf } from "./share-tree.ts"

/** Where one node stands, with every value on the way there. */
export interface ClassicShareRow {
  readonly path: readonly string[]
  readonly kind: "account" | "user"
  readonly shares: Shares
  /** The account whose children it competes with, by its path; `null` for the root. */
  readonly level: readonly string[] | null
  /** All shares of that level together; 0 for the root. */
  readonly levelShares: number
  /** Its part of the whole pool: the parts of its level and of all levels above, multiplied. 1 for the root. */
  readonly normShares: number
  readonly rawUsage: number
  /** Its part of all usage. */
  readonly normUsage: number
  /** What is held against it: its own usage, and of its account's by its part of the shares. */
  readonly effectiveUsage: number
  /** 1 for who used nothing, 0.5 for who used exactly its share, 0 for who has none. */
  readonly fairShare: number
}

/**
 * Slurm's documented classic fair share (NO_FAIR_TREE): 2 to the power of -(usage / shares) / `dampening`. `parent` takes shares and
 * usage of the account above.
 * @returns the rows in the order of {@link seatsOf}
 */
export function classicShare(root: AccountShare, dampening = 1): readonly ClassicShareRow[] {
  const seats = seatsOf(root)
  const rows = new Map<Seat, ClassicShareRow>()
  for (const seat of seats) {
    // An account comes before what is in it, so what is above has its row.
    const above = seat.level === null ? undefined : rows.get(seat.level)
    const { normShares, effectiveUsage } = standing(seat, above, partOfAll(seat, seats[0]!))
    rows.set(seat, {
      path: seat.path,
      kind: seat.node.kind,
      shares: seat.node.shares,
      level: seat.level?.path ?? null,
      levelShares: seat.levelShares,
      normShares,
      rawUsage: seat.usage,
      normUsage: partOfAll(seat, seats[0]!),
      effectiveUsage,
      fairShare: normShares === 0 ? 0 : 2 ** (-(effectiveUsage / normShares) / dampening),
    })
  }
  return [...rows.values()]
}

function standing(
  seat: Seat,
  above: ClassicShareRow | undefined,
  used: number,
): Pick<ClassicShareRow, "normShares" | "effectiveUsage"> {
  if (above === undefined) return { normShares: 1, effectiveUsage: used }
  if (seat.node.shares === "parent") return above
  return { normShares: above.normShares * partOfLevel(seat), effectiveUsage: effectiveUsageOf(seat, above, used) }
}

/** Own usage, and below the top level, by its part of the shares, of what the account above is charged beyond that. */
function effectiveUsageOf({ node, level, levelShares }: Seat, above: ClassicShareRow, used: number): number {
  if (node.shares === "parent") return above.effectiveUsage
  if (level?.level === null) return used
  if (levelShares === 0) return above.effectiveUsage
  return used + ((above.effectiveUsage - used) * node.shares) / levelShares
}
