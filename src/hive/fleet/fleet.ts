import type { NetworkKind } from "../../protocol/network.ts"

/** A host as the planner sees it: one of the pool, or one that a file describes. */
export interface FleetHost {
  readonly name: string
  /** "Apple M3 Ultra"; `null`: not known, or no Mac. */
  readonly chip: string | null
  readonly memoryBytes: number
  /** What Metal lets its GPU hold; `null` where there is no such bound. */
  readonly workingSetBytes: number | null
  /** What stays with its owner and its system. */
  readonly keptBytes: number
  /** What a hive may hold there: the lower of what Metal allows and what is not kept. */
  readonly budgetBytes: number
  /** `null` where it is not known: then nothing is predicted. */
  readonly bandwidthGbPerS: number | null
  readonly tflops: number | null
  readonly network: { readonly kind: NetworkKind; readonly mbps: number | null }
  /** Hosts at the other ends of its Thunderbolt cables, by name. */
  readonly cables: readonly string[]
  /** RDMA over Thunderbolt is switched on there. */
  readonly hasRdma: boolean
  /** Version of mlx-lm; `null`: not known. */
  readonly mlxLm: string | null
  /** Why it cannot be used, in words; `null` when it can. */
  readonly excluded: string | null
  /** Networks that an administrator trusts and that it has an address in. Absent: none. */
  readonly hiveNets?: readonly string[] | undefined
  /** Nothing may listen there but on loopback: it can be a member through tunnels alone. */
  readonly isLoopbackOnly?: boolean | undefined
}

/** What is known of the way between two hosts, over what their interfaces say. */
export interface FleetLink {
  readonly between: readonly [string, string]
  readonly kind: NetworkKind | null
  readonly mbps: number | null
  readonly roundTripMs: number | null
}

export interface Fleet {
  readonly hosts: readonly FleetHost[]
  readonly links: readonly FleetLink[]
  /** Members may talk over cables between them and trusted networks alone; else through the server. Absent: over any way. */
  readonly isGuarded?: boolean | undefined
}

const GIB = 1024 ** 3

/** What the system of a Mac that nobody sits at needs: an eighth, between 0.5 and 8 GiB. */
export function keptWithoutOwner(memoryBytes: number): number {
  return Math.min(8 * GIB, Math.max(GIB / 2, memoryBytes / 8))
}

/** The budget of a host. @param availableBytes what a job could get just now; `null`: as if nothing ran there */
export function budgetOf(
  memoryBytes: number,
  keptBytes: number,
  workingSetBytes: number | null,
  availableBytes: number | null = null,
): number {
  const left = Math.min(memoryBytes - keptBytes, workingSetBytes ?? memoryBytes, availableBytes ?? memoryBytes)
  return Math.max(0, Math.floor(left))
}
