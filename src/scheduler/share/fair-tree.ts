import { type AccountShare, partOfAll, partOfLevel, type Seat, type Shares, seatsOf } from "./share-tree.ts"

/** Where one node stands, with every value on the way there. */
export interface FairTreeRow {
  readonly path: readonly string[]
  readonly kind: "account" | "user"
  readonly shares: Shares
  /** The account whose children it competes with, by its path; `null` for the root. */
  readonly level: readonly string[] | null
  /** All shares of that level together; 0 for the root. */
  readonly levelShares: number
  /** Its part of the shares of its level; with `parent` that of the account it stands in for. 0 for the root. */
  readonly normShares: number
  readonly rawUsage: number
  /** Its part of all usage. */
  readonly normUsage: number
  /** Its part of the usage of its level. */
  readonly effectiveUsage: number
  /** normShares / effectiveUsage: above 1 it has had less than its share. `null` for the root and for accounts with `parent`. */
  readonly levelFs: number | null
  /** Users: the number of users for the first, down to 1; who ties has the same. */
  readonly rank: number | null
  /** Users: rank / number of users. 1 for the first, no less than 1 / users for the last. */
  readonly fairShare: number | null
}

export interface FairTreeOptions {
  /** Put the children of tied accounts together before they are ranked: Slurm documents it, and does not do it. */
  readonly mergeTiedAccounts?: boolean
}

/** The level value of an account with `parent`: it comes after those that used nothing and ends a tie, as in Slurm. */
const NO_LEVEL = 4_294_967_294

/**
 * Slurm's documented Fair Tree, as released: users ranked by walking the tree from the root, on each level first who has had least of
 * its share. Of two accounts on one level, every user of the one comes before every user of the other. Doubles, divided in this
 * order: ties that rounding makes or breaks are part of the result.
 * @returns the rows in the order of {@link seatsOf}
 */
export function fairTree(
  root: AccountShare,
  { mergeTiedAccounts = false }: FairTreeOptions = {},
): readonly FairTreeRow[] {
  const seats = seatsOf(root)
  const levels = new Map(seats.map((seat) => [seat, levelOf(seat)]))
  const users = seats.filter(({ node }) => node.kind === "user").length
  const ranks = rankUsers(seats, levels, users, mergeTiedAccounts)
  return seats.map((seat) => {
    const isOutside = seat.level === null || (seat.node.kind === "account" && seat.node.shares === "parent")
    const rank = ranks.get(seat) ?? null
    return {
      path: seat.path,
      kind: seat.node.kind,
      shares: seat.node.shares,
      level: seat.level?.path ?? null,
      levelShares: seat.levelShares,
      normShares: normSharesOf(seat),
      rawUsage: seat.usage,
      normUsage: partOfAll(seat, seats[0]!),
      effectiveUsage: effectiveUsageOf(seat),
      levelFs: isOutside ? null : (levels.get(seat) ?? 0),
      rank,
      fairShare: rank === null ? null : rank / users,
    }
  })
}

function levelOf(seat: Seat): number {
  const { node } = seat
  if (node.shares === "parent") return node.kind === "user" ? Number.POSITIVE_INFINITY : NO_LEVEL
  const shares = partOfLevel(seat)
  return shares === 0 ? 0 : shares / effectiveUsageOf(seat)
}

function normSharesOf(seat: Seat): number {
  if (seat.level === null) return 0
  return seat.node.shares === "parent" ? normSharesOf(seat.level) : partOfLevel(seat)
}

function effectiveUsageOf({ usage, level }: Seat): number {
  if (level === null) return usage === 0 ? 0 : 1
  return level.usage === 0 ? 0 : usage / level.usage
}

function rankUsers(
  seats: readonly Seat[],
  levels: ReadonlyMap<Seat, number>,
  users: number,
  merge: boolean,
): Map<Seat, number> {
  const ranks = new Map<Seat, number>()
  const levelFs = (seat: Seat) => levels.get(seat) ?? 0
  /** The rank that a tie shares, and the one that is due when there is none. */
  let [rank, due] = [users, users]
  const visit = (rivals: readonly Seat[], startsTied: boolean): void => {
    const sorted = rivals.toSorted((a, b) => byLevel(a, b, levelFs(a), levelFs(b)))
    let before = NO_LEVEL
    for (let i = 0; i < sorted.length; i++) {
      const seat = sorted[i]!
      const level = levelFs(seat)
      const tied = i === 0 && startsTied ? true : before === level
      before = level
      if (seat.node.kind === "user") {
        if (!tied) rank = due
        ranks.set(seat, rank)
        due--
        continue
      }
      let below: readonly Seat[] = seat.rivals
      if (merge)
        while (i + 1 < sorted.length && levelFs(sorted[i + 1]!) === level) below = [...below, ...sorted[++i]!.rivals]
      visit(below, tied)
    }
  }
  if (seats[0] !== undefined) visit(seats[0].rivals, false)
  return ranks
}

/** Highest first, users before accounts; equal ones stay in the order of the tree. */
function byLevel(a: Seat, b: Seat, levelOfA: number, levelOfB: number): number {
  if (levelOfA !== levelOfB) return levelOfA < levelOfB ? 1 : -1
  if (a.node.kind === b.node.kind) return 0
  return a.node.kind === "user" ? -1 : 1
}
