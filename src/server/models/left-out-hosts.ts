import { formatAbout } from "../../base/duration.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { HostId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { LeftOutHost } from "../../protocol/model-api.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { LiveReplica } from "./live-replica.ts"
import type { Models } from "./models.ts"

type Known = Pick<LiveReplica, "avoid" | "loopbackOnly" | "withoutCables">

/** Hosts that a replica does not get for a while, or not as they could be had, by name. */
export function leftOutHosts({ fleet, clock }: Core, live: Known): readonly LeftOutHost[] {
  const now = clock.now()
  const of = (what: LeftOutHost["what"], known: Known["avoid"]) =>
    [...known].flatMap(([id, { reason, until }]): readonly LeftOutHost[] => {
      const name = fleet.get(id as HostId)?.record.name
      return name === undefined || until <= now
        ? []
        : [{ host: id as HostId, hostName: name, until, what, reason: withoutName(reason, name) }]
    })
  return [...of("host", live.avoid), ...of("listening", live.loopbackOnly), ...of("cables", live.withoutCables)].sort(
    (a, b) => (a.hostName < b.hostName ? -1 : 1),
  )
}

/** What is said of a host need not end by its name. */
function withoutName(reason: string, name: string): string {
  const end = ` (${name})`
  return reason.endsWith(end) ? reason.slice(0, -end.length) : reason
}

/** Why the job of a hive waits, with the hosts that its model does not get meanwhile; others' answers as they are. */
export function withLeftOut(core: Core, models: Models, job: JobRecord, answer: WhyAnswer): WhyAnswer {
  const replica = isFinal(job.state) ? undefined : core.store.models.servedBy(job.id)
  if (replica === undefined) return answer
  const leftOut = leftOutHosts(core, models.liveOf(replica)).filter(({ what }) => what === "host")
  if (leftOut.length === 0) return answer
  const now = core.clock.now()
  const rows = leftOut.map(({ host, hostName: name, until, reason }) => ({
    ...{ host, name, code: "left_out", until },
    text: `${replica.model} leaves it out for another ${formatAbout(until - now)}, as it was lost there: ${reason}`,
  }))
  const names = rows.map(({ name }) => name)
  return {
    ...answer,
    summary: `${answer.summary}; ${replica.model} leaves out ${names.join(", ")}, where it was lost`,
    hosts: [...answer.hosts.filter(({ name }) => !names.includes(name)), ...rows],
  }
}
