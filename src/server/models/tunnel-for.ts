import { isFinal } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { ReplicaRecord } from "../../store/model-record.ts"
import type { Core } from "../core.ts"
import { membersOf } from "../gang/members.ts"
import { keyContext } from "./begin-hive.ts"
import { HiveTunnels } from "./hive-tunnels.ts"
import type { LiveReplica } from "./live-replica.ts"
import type { ModelLimits } from "./model-limits.ts"

/** Has the members of a hive that have no network in common reach each other through the server, as long as an attempt of it lives. */
export function tunnelFor(
  core: Core,
  job: JobRecord,
  record: ReplicaRecord,
  live: LiveReplica,
  { wayMs }: Pick<ModelLimits, "wayMs">,
): void {
  const [main] = membersOf(job)
  const isUp = main?.member.roster !== undefined && !isFinal(job.state) && main.state !== "ended"
  const isWanted = isUp && job.spec.gang?.network?.kind === "tunnel" && record.sealedKey !== null
  if (live.tunnels !== null && (!isWanted || live.tunnels.attempt !== main?.number)) {
    live.tunnels[Symbol.dispose]()
    live.tunnels = null
  }
  if (!isWanted || record.sealedKey === null) return
  live.tunnels ??= new HiveTunnels(core, job, core.secrets.open(record.sealedKey, keyContext(record)), wayMs)
}
