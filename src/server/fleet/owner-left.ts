import type { Core } from "../core.ts"
import { loseAttempt } from "../jobs/end-attempt.ts"
import type { FleetHost } from "./fleet-host.ts"
import { leftText, whoLeft } from "./who-left.ts"

/** Its owner, or of one that is nobody's somebody there, is taking Windfall off: it gets no more jobs. What runs there ends by itself, and says so. Within a change. */
export function noteOwnerLeaves(core: Core, host: FleetHost): void {
  if (host.record.leaving?.phase === "left") return
  const leaving = { phase: "left", by: whoLeft(host.record), since: core.clock.now(), now: false } as const
  core.fleet.update(host, { ...host.record, leaving })
  core.weeks.forget(host.record.id)
  core.ledger.hostChanged(host)
  const what = leftText(host.record)
  core.ledger.event({ type: "host_changed", host: host.record.id, name: host.record.name, what })
  core.wakePlanner()
}

/** Nothing of Windfall is there any more, and nothing is put there again. What it held goes on elsewhere. Within a change. */
export function concludeOwnerLeft(core: Core, host: FleetHost): void {
  noteOwnerLeaves(core, host)
  const { id, name } = host.record
  for (const tried of core.table.onHost(id)) {
    loseAttempt(core, tried, "owner_policy", `${name} has left: ${leftText(host.record)}`)
  }
  core.fleet.setLink(host, "refused", leftText(host.record), core.clock.now())
  core.wakePlanner()
}
