import type { HostRecord } from "../../store/host-record.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "./fleet-host.ts"

/**
 * Compares what a host is named by with what it was, at each contact and within a change; returns what is to be stored. Its host
 * key has been checked, so that another machine under it has a copy of its disk, or that disk itself: administrators are told.
 */
export function noteMachine(core: Core, host: FleetHost, machine: string | undefined): string | null {
  const { record } = host
  if (machine === undefined) return record.machine
  if (record.machine === machine) return machine
  const message = explain(record, machine, core)
  if (message !== null) core.ledger.event({ type: "notice", message, host: record.id, job: null })
  return machine
}

function explain({ id, name, machine: before, address }: HostRecord, machine: string, core: Core): string | null {
  const other = core.fleet.all().find(({ record }) => record.id !== id && record.machine === machine)
  if (other !== undefined && isMac(other.record)) {
    return `${name} is the same Mac as ${other.record.name}: it would be given twice the jobs it can take. Remove one of them: windfall host rm`
  }
  if (before === null) return null
  return `${name} shows the host key it is known by and is another machine than before: a disk that was copied, or put into another Mac. If ${address} leads to the right one all is well; two that show one key cannot be told apart, so give the copy a key of its own`
}

/** Copies of a virtual machine often have the same id, and are two. Macs have theirs from the factory. */
export function isMac({ facts }: Pick<HostRecord, "facts">): boolean {
  return facts?.platform === "darwin"
}
