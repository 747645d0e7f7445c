import { hasOwner } from "../../presence/lever.ts"
import type { HostRecord } from "../../store/host-record.ts"

/**
 * Who has taken a host out of the pool at the host itself, as well as it is known: whoever does it needs no name. Where it belongs
 * to nobody there is no owner to have done it.
 */
export function whoLeft(host: Pick<HostRecord, "owner" | "consoleAccount">): "its owner" | "somebody there" {
  return hasOwner(host) ? "its owner" : "somebody there"
}

/** The same as a sentence on the host. */
export function leftText(host: Pick<HostRecord, "owner" | "consoleAccount">): string {
  return `${whoLeft(host)} has taken it out of the pool`
}
