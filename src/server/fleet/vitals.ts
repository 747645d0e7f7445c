import { NO_VITALS, type Vitals } from "../../protocol/vitals.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "./fleet-host.ts"

/**
 * Takes what a host says of how it is. Not stored: it is old in a minute. Of its fields only those are taken that this server knows.
 */
export function noteVitals(core: Core, host: FleetHost, said: Vitals): void {
  const fields = Object.keys(NO_VITALS) as (keyof Vitals)[]
  const known = Object.fromEntries(fields.map((field) => [field, said[field]])) as unknown as Vitals
  host.vitals = { ...known, at: core.clock.now() }
}

/** Memory comes with each sample, too, and from the same command: what is shown is not older than what jobs are placed by. */
export function noteMemoryOfSample(host: FleetHost, memoryFreeBytes: number): void {
  if (host.vitals === null || host.record.facts?.platform !== "darwin") return
  host.vitals = { ...host.vitals, memoryAvailableBytes: memoryFreeBytes }
}
