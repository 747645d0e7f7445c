import { IndexSet } from "../../base/index-set.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { settleArray } from "./settle-array.ts"

/**
 * The database was restored from an older copy, in which tasks have not begun that a host has attempts of: they are held, each by itself, and its
 * user is told. Within a change.
 * @param found numbers of the jobs whose attempts the host holds
 */
export function holdFoundTasks(core: Core, { record }: FleetHost, job: JobRecord, found: ReadonlySet<JobId>): void {
  const { array } = job
  if (array === undefined) return
  const indices = new IndexSet()
  for (const id of found) {
    const index = id > job.id ? array.all.at(id - job.id - 1) : undefined
    if (index !== undefined && (array.waiting.has(index) || array.blocked.has(index))) indices.add(index)
  }
  if (indices.size === 0) return
  for (const set of [array.waiting, array.blocked]) array.held.user.addAll(set.takeAll(indices))
  const tasks = `${job.id}_[${indices}]`
  const message = `The server's database is an older copy: ${tasks} are held, as ${record.name} has attempts of them that the database does not know. If they are to run: windfall release '${tasks}'`
  core.ledger.event({ type: "notice", message, host: record.id, job: job.id })
  settleArray(core, job)
}
