import type { QueueHost } from "../../../src/scheduler/queue/queue-scene.ts"
import { GIB } from "./lab.ts"
import type { HostState } from "./simulation.ts"

/** A host as a plan sees it: small ones are used first. */
export function hostOf({ host, isHeld, isGone }: HostState): QueueHost {
  return {
    id: host.id,
    name: host.id,
    link: isGone ? "asleep" : "ready",
    reason: null,
    draining: false,
    withheld: null,
    ownerObstacles: isHeld ? [{ code: "owner_here", text: "its owner is there", until: null }] : [],
    users: null,
    total: host.total,
    gpuMemoryBytes: host.gpuMemoryBytes,
    partitions: ["apple_gpu"],
    data: new Set(),
    places: new Set(),
    owner: host.owner,
    weight: host.total.memoryBytes / GIB,
    expected: [],
  }
}
