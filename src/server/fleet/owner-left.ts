import type { Core } from "../core.ts"
import { loseAttempt } from "../jobs/end-attempt.ts"
import type { FleetHost } from "./fleet-host.ts"

/** As which an owner goes down in the record: who it was is not known. */
const OWNER = "its owner"

/** The host's owner is taking Windfall off: it gets no more jobs. What runs there ends by itself, and says so. Within a change. */
export function noteOwnerLeaves(core: Core, host: FleetHost): void {
  if (host.record.leaving?.phase === "left") return
  const leaving = { phase: "left", by: OWNER, since: core.clock.now(), now: false } as const
  core.fleet.update(host, { ...host.record, leaving })
  core.weeks.forget(host.record.id)
  core.ledger.hostChanged(host)
  const what = "its owner has taken it out of the pool"
  core.ledger.event({ type: "host_changed", host: host.record.id, name: host.record.name, what })
  core.wakePlanner()
}

/** Nothing of Windfall is there any more, and nothing is put there again. What it held goes on elsewhere. Within a change. */
export function concludeOwnerLeft(core: Core, host: FleetHost): void {
  noteOwnerLeaves(core, host)
  const { id, name } = host.record
  for (const tried of core.table.onHost(id)) {
    loseAttempt(core, tried, "owner_policy", `the owner of ${name} has taken it out of the pool`)
  }
  core.fleet.setLink(host, "refused", "its owner has taken it out of the pool", core.clock.now())
  core.wakePlanner()
}
