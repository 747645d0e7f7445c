import type { GateNews } from "../../protocol/gang-wire.ts"
import type { Core } from "../core.ts"
import { notePlacesUsed } from "../data/placing.ts"
import { isCurrent } from "../jobs/close-attempt.ts"
import type { Tried } from "../jobs/job-table.ts"
import { transition } from "../jobs/transition.ts"
import { recordUse } from "../usage/record-use.ts"
import { mayGo } from "./gang-state.ts"
import { hiveRoster } from "./hive-roster.ts"
import { isEnding } from "./member-end.ts"
import { isMember, type Member, membersOf, setMember } from "./members.ts"
import { linkOfSet } from "./pool-links.ts"

/**
 * A member is at the gate, with all that its command needs. When the last one is there all are let go, in one transaction: from then on
 * they run. One that says so again, as the word did not reach it, gets it again. Within a change.
 */
export function noteAtGate(core: Core, tried: Tried, { addresses, ports }: GateNews): void {
  const { job, attempt } = tried
  if (!isMember(attempt) || !isCurrent(tried) || attempt.state === "finishing") return
  if (attempt.member.roster !== undefined) {
    sendGo(core, attempt)
    return
  }
  setMember(core, attempt, { atGate: { addresses, ports } })
  const members = membersOf(job)
  if (job.stop !== null || isEnding(job) || !mayGo(members)) {
    tellWaiting(core, tried, members)
    return
  }
  const places = members.map(({ member, hostId, hostName }) => {
    const usual = core.fleet.get(hostId)?.record.network.told?.interface ?? null
    return { host: hostName, ...member.atGate!, usual }
  })
  const { kind } = linkOfSet(
    core,
    members.map(({ hostId }) => hostId),
  )
  const roster = hiveRoster(places, job.spec.gang?.network, kind === "thunderbolt")
  for (const one of members) {
    setMember(core, one, { roster })
    one.state = "running"
    one.startedAt = core.clock.now()
    notePlacesUsed(core, { job, attempt: one })
    core.table.leaseChanged({ job, attempt: one })
    recordUse(core, { job, attempt: one })
    sendGo(core, one)
  }
  transition(core, job, "running")
}

function sendGo(core: Core, { id, sequence, hostId, member }: Member): void {
  if (member.roster === undefined) return
  core.ledger.send(core.fleet.get(hostId), { type: "go", attempt: id, sequence, roster: member.roster })
}

/** Says who is waited for, so that nobody wonders why nothing runs. */
function tellWaiting(core: Core, { job }: Tried, members: readonly Member[]): void {
  if (job.state !== "starting" || job.stop !== null || isEnding(job)) return
  const missing = members.filter(({ member }) => member.atGate === undefined).map(({ hostName }) => hostName)
  if (missing.length === 0) return
  job.reason = `${members.length - missing.length} of ${members.length} members are ready; not yet: ${missing.join(", ")}`
  core.ledger.jobChanged(job)
}
