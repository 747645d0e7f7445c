import type { TakesRoom } from "../../base/least-used.ts"
import type { HeldKind } from "../../protocol/host-disk.ts"

/** What all of Windfall may take on a host at most. */
const MOST_BYTES = 100 * 1024 ** 3
/** Of what is free or Windfall's own, what Windfall may take. */
const SHARE = 0.2
/** Of the whole disk, what stays free of Windfall's things. */
const KEPT_FREE = 0.15

/** A disk as the system tells of it. */
export interface Disk {
  readonly totalBytes: number
  /** What this account may still write. */
  readonly freeBytes: number
}

/** Something on the host that goes as a whole, or stays. */
export interface Holding extends TakesRoom {
  readonly kind: HeldKind
  /** Its name among those of its kind. */
  readonly name: string
  /** Somebody uses it now, or it is not Windfall's to remove. */
  readonly inUse: boolean
}

/**
 * What Windfall may hold: what an administrator said, else 100 GB, or a fifth of what is free with what it holds itself, whichever is less; and less again where the
 * disk would have under 15 % free. What Windfall adds or removes does not change it, what others do does.
 */
export function budgetBytes(disk: Disk, heldBytes: number, limitBytes: number | null): number {
  const most = Math.min(wantedBytes(disk, heldBytes, limitBytes), disk.freeBytes + heldBytes - keptFreeBytes(disk))
  return Math.max(0, Math.floor(most))
}

/** Whether it is what others have on the disk that makes the budget as small as it is. */
export function isNearlyFull(disk: Disk, heldBytes: number, limitBytes: number | null): boolean {
  return disk.freeBytes + heldBytes - keptFreeBytes(disk) < wantedBytes(disk, heldBytes, limitBytes)
}

/** What stays free of Windfall's things. */
export function keptFreeBytes({ totalBytes }: Disk): number {
  return totalBytes * KEPT_FREE
}

function wantedBytes({ freeBytes }: Disk, heldBytes: number, limitBytes: number | null): number {
  return limitBytes ?? Math.min(MOST_BYTES, (freeBytes + heldBytes) * SHARE)
}
