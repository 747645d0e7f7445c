import { formatBytes } from "../base/bytes.ts"

/**
 * What Windfall holds on a host's disk. packages: uv's downloads, models: those of Hugging Face, pythons: interpreters that uv
 * has brought; homes: people's own, which the budget never removes.
 */
export const HELD_KINDS = ["workspaces", "data", "environments", "pythons", "packages", "models", "homes"] as const
export type HeldKind = (typeof HELD_KINDS)[number]

/** What Windfall holds on a host, and what it may hold there now. */
export interface HostDisk {
  readonly budgetBytes: number
  readonly held: Readonly<Record<HeldKind, number>>
}

/** The least an administrator may let a host hold: below, no environment fits. */
export const MIN_DISK_LIMIT_BYTES = 1024 ** 3

/** All that is held. */
export function heldBytes(held: HostDisk["held"]): number {
  return HELD_KINDS.reduce((sum, kind) => sum + held[kind], 0)
}

/** The kinds that take anything, the largest first: "data 8 GB, homes 512 MB". Empty where nothing is held. */
export function kindsText(held: HostDisk["held"]): string {
  const kinds = HELD_KINDS.filter((kind) => held[kind] > 0).sort((a, b) => held[b] - held[a])
  return kinds.map((kind) => `${kind} ${formatBytes(held[kind])}`).join(", ")
}

/** For people: "9 GB of at most 100 GB (data 8 GB, homes 1 GB)". */
export function heldText({ budgetBytes, held }: HostDisk): string {
  const kinds = kindsText(held)
  return `${formatBytes(heldBytes(held))} of at most ${formatBytes(budgetBytes)}${kinds === "" ? "" : ` (${kinds})`}`
}
