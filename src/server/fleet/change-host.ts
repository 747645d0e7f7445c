import { WindfallError } from "../../protocol/errors.ts"
import type { HostView } from "../../protocol/host.ts"
import { type HostId, makeId } from "../../protocol/ids.ts"
import { NO_LEVER } from "../../protocol/owner.ts"
import { type HostRecord, NO_LEFTOVERS, NO_NETWORK } from "../../store/host-record.ts"
import type { Core } from "../core.ts"
import { refreshPlaces } from "../data/data-hosts.ts"
import type { NewHost } from "../hosts/host-channel.ts"
import { loseAttempt } from "../jobs/end-attempt.ts"
import type { FleetHost } from "./fleet-host.ts"
import { hostView } from "./host-view.ts"

/** @throws {WindfallError} name_taken */
export function checkHostName(core: Core, name: string): void {
  if (!core.fleet.all().some(({ record }) => record.name === name)) return
  throw new WindfallError("name_taken", `Cannot add the host "${name}": there is one of that name`, {
    hint: "Give it another one with --name, or remove the other first: windfall host rm",
  })
}

/** Stores a host that has passed all checks, within a change, for an administrator. @throws {WindfallError} name_taken */
export function admitHost(core: Core, host: NewHost, actor: string): HostView {
  checkHostName(core, host.name)
  const now = core.clock.now()
  const record: HostRecord = {
    ...host,
    id: makeId<HostId>("h", core.randomBytes(16)),
    draining: false,
    createdAt: now,
    facts: null,
    nextSequence: 1,
    leftovers: NO_LEFTOVERS,
    leaving: null,
    diskLimitBytes: null,
    lever: NO_LEVER,
    weekToldAt: null,
    network: NO_NETWORK,
  }
  core.store.hosts.add(record)
  core.ledger.event({ type: "host_added", host: record.id, name: record.name }, actor)
  return hostView(core, core.fleet.add(record, now), { user: actor, role: "admin" })
}

/** Changes what is stored of a host, within a change, for an administrator. `what` is said in the event. */
export function changeHost(
  core: Core,
  host: FleetHost,
  change: Partial<
    Pick<
      HostRecord,
      | "draining"
      | "hostKey"
      | "address"
      | "port"
      | "leaving"
      | "diskLimitBytes"
      | "owner"
      | "consoleAccount"
      | "network"
    >
  >,
  what: string,
  actor: string,
): HostView {
  const { owner, consoleAccount } = { ...host.record, ...change }
  // When somebody else is at it was learned of who had it before.
  if (owner !== host.record.owner || consoleAccount !== host.record.consoleAccount) core.weeks.forget(host.record.id)
  core.fleet.update(host, { ...host.record, ...change })
  core.ledger.hostChanged(host)
  core.ledger.event({ type: "host_changed", host: host.record.id, name: host.record.name, what }, actor)
  core.wakePlanner()
  return hostView(core, host, { user: actor, role: "admin" })
}

/** Takes a host out of the pool, within a change. What it still held is lost: jobs go on elsewhere as their policy says. */
export function removeHost(core: Core, host: FleetHost, actor: string): void {
  const { id, name } = host.record
  for (const tried of core.table.onHost(id)) {
    loseAttempt(core, tried, "link_lost", `${name} was removed by ${actor}`)
  }
  core.fleet.remove(id)
  core.store.hosts.remove(id)
  core.store.data.dropPlacesOf(id)
  core.store.measures.dropOf(id)
  core.weeks.forget(id)
  refreshPlaces(core)
  core.ledger.event({ type: "host_removed", host: id, name }, actor)
  core.wakePlanner()
}
