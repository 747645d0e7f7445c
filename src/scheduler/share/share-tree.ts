/** parent: it has no shares of its own, and stands beside the children of the nearest account above that has. */
export type Shares = number | "parent"

export interface UserShare {
  readonly kind: "user"
  readonly name: string
  readonly shares: Shares
  /** Faded usage of this user in this account, in billable units times seconds. */
  readonly usage: number
}

export interface AccountShare {
  readonly kind: "account"
  readonly name: string
  readonly shares: Shares
  /** Faded usage that belongs to none of its children any more: of users who left. */
  readonly ownUsage?: number
  readonly children: readonly ShareNode[]
}

export type ShareNode = AccountShare | UserShare

/** A node of the tree with its place in it. */
export interface Seat {
  readonly node: ShareNode
  /** Names from below the root down to this node. Empty for the root. */
  readonly path: readonly string[]
  readonly parent: Seat | null
  /** The account whose children it competes with: the nearest above with shares of its own, or the root. `null` for the root. */
  readonly level: Seat | null
  /** All that compete with each other below this account, in the order of the whole tree. */
  readonly rivals: Seat[]
  /** Summed up from all below, whatever their shares. */
  usage: number
  /** Shares of all its rivals together, itself included. */
  levelShares: number
}

/**
 * All nodes from the root down, each account before what is in it: users of an account first, then its accounts, each by name. The
 * order of those with equal results follows from it, so it must not hang on the order in which the tree was written.
 */
export function seatsOf(root: AccountShare): readonly Seat[] {
  const seats: Seat[] = []
  const add = (node: ShareNode, parent: Seat | null): number => {
    const level = parent === null || parent.parent === null || parent.node.shares !== "parent" ? parent : parent.level
    const path = parent === null ? [] : [...parent.path, node.name]
    const seat: Seat = { node, path, parent, level, rivals: [], usage: 0, levelShares: 0 }
    seats.push(seat)
    level?.rivals.push(seat)
    if (node.kind === "user") seat.usage = node.usage
    else {
      const below = node.children.toSorted(byLineage).reduce((sum, child) => sum + add(child, seat), 0)
      seat.usage = below + (node.ownUsage ?? 0)
    }
    return seat.usage
  }
  add(root, null)
  for (const { rivals } of seats) {
    const levelShares = rivals.reduce((sum, { node }) => sum + (node.shares === "parent" ? 0 : node.shares), 0)
    for (const rival of rivals) rival.levelShares = levelShares
  }
  return seats
}

/** What its shares are of those of its level; 0 where nobody has any. */
export function partOfLevel({ node, levelShares }: Seat): number {
  return node.shares === "parent" || levelShares === 0 ? 0 : node.shares / levelShares
}

/** What a node used of what the whole pool used: at most 1, and 0 where nobody used anything. */
export function partOfAll({ usage }: Seat, root: Seat): number {
  return root.usage === 0 ? 0 : Math.min(1, usage / root.usage)
}

function byLineage(a: ShareNode, b: ShareNode): number {
  if (a.kind !== b.kind) return a.kind === "user" ? -1 : 1
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
