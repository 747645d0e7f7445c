import type { BlobHash } from "../../protocol/ids.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"

/** What a host says it has laid out. Of what no name stands for any more it is told that it may go. Within a change. */
export function noteData(core: Core, host: FleetHost, roots: readonly BlobHash[]): void {
  core.fleet.setData(host, new Set(roots))
  const unknown = roots.filter((root) => !core.store.data.hasRoot(root))
  if (unknown.length > 0) core.ledger.send(host, { type: "let-go-data", roots: unknown })
}

/**
 * Reads anew which data each host has itself. A place that could not be used the last time counts only where no other of that
 * name could: jobs go where it works.
 */
export function refreshPlaces(core: Core): void {
  const names = new Map<string, string[]>()
  for (const { name, places } of core.store.data.list()) {
    const sound = places.filter(({ problem }) => problem === null)
    for (const { host } of sound.length > 0 ? sound : places) {
      names.set(host, [...(names.get(host) ?? []), name])
    }
  }
  for (const host of core.fleet.all()) core.fleet.setPlaces(host, new Set(names.get(host.record.id)))
}
