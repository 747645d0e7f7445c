import type { AgentMessage } from "../../protocol/agent-wire.ts"
import type { StoredDataView } from "../../protocol/data-api.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { AttemptRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { isCurrent } from "../jobs/close-attempt.ts"
import type { Tried } from "../jobs/job-table.ts"
import { refreshPlaces } from "./data-hosts.ts"

/** How much of some data has come to the host of an attempt. */
interface Arrival {
  readonly name: string
  readonly doneBytes: number
  readonly totalBytes: number
}

/** As told last: it is told anew every second. */
const ARRIVALS = new WeakMap<AttemptRecord, Arrival>()

/** Which hosts are just getting this data, and how far they are. */
export function arrivalsOf(core: Core, name: string, root: BlobHash): StoredDataView["versions"][number]["coming"] {
  const coming: { readonly host: string; readonly doneBytes: number; readonly totalBytes: number }[] = []
  for (const { record, data } of core.fleet.all()) {
    if (data.has(root)) continue
    const arrivals = core.table.onHost(record.id).flatMap(({ job, attempt }) => {
      const isMeant =
        attempt.state === "starting" && job.spec.data.some((one) => one.name === name && one.root === root)
      return (isMeant && ARRIVALS.get(attempt)) || []
    })
    const arrival = arrivals.find((one) => one.name === name)
    if (arrival !== undefined)
      coming.push({ host: record.name, doneBytes: arrival.doneBytes, totalBytes: arrival.totalBytes })
  }
  return coming
}

/** Shows with the job how far its data is on its way. Within a change. */
export function notePlacing(
  core: Core,
  tried: Tried,
  { name, doneBytes, totalBytes }: Extract<AgentMessage, { type: "placing" }>,
): void {
  const { job, attempt } = tried
  if (!isCurrent(tried) || attempt.state !== "starting" || job.stop !== null) return
  if (!job.spec.data.some((data) => data.name === name)) return
  ARRIVALS.set(attempt, { name, doneBytes, totalBytes })
  const part = totalBytes === 0 ? 0 : Math.min(1, doneBytes / totalBytes)
  job.reason = `placing ${name} on ${attempt.hostName}: ${Math.floor(part * 100)} %`
  core.ledger.jobChanged(job)
}

/** What a host says it cannot use is marked, so that `data ls` tells and other jobs go elsewhere where they can. Within a change. */
export function notePlaceProblem(core: Core, { job, attempt }: Tried, name: string, problem: string): void {
  if (!job.spec.data.some((data) => data.name === name && data.root === null)) return
  core.store.data.setProblem(name, attempt.hostId, problem.slice(0, 1_000))
  refreshPlaces(core)
}

/** The host could use them: what was said of them before is over. Within a change. */
export function notePlacesUsed(core: Core, { job, attempt }: Tried): void {
  for (const { name, root } of job.spec.data) {
    if (root !== null) continue
    const place = core.store.data.get(name)?.places.find(({ host }) => host === attempt.hostId)
    if (place === undefined || place.problem === null) continue
    core.store.data.setProblem(name, attempt.hostId, null)
    refreshPlaces(core)
  }
}
