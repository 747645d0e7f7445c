import type { SchedulableHost } from "./snapshot.ts"

/** Smallest first, memory before all. By size and name only, never by what is free: so a later job that is let in cannot change where an earlier one goes. */
export function bySize(
  a: Pick<SchedulableHost, "id" | "name" | "total">,
  b: Pick<SchedulableHost, "id" | "name" | "total">,
): number {
  return (
    a.total.memoryBytes - b.total.memoryBytes ||
    a.total.gpus - b.total.gpus ||
    a.total.cores - b.total.cores ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1)
  )
}
