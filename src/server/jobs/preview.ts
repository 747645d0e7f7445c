import type { HostId, JobId } from "../../protocol/ids.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { JobPreview } from "../../protocol/job-preview.ts"
import { explain } from "../../scheduler/explain.ts"
import type { WaitingJob } from "../../scheduler/snapshot.ts"
import { bookingsAhead } from "../bookings/bookings-ahead.ts"
import { keptFrom } from "../bookings/kept-from.ts"
import type { Core } from "../core.ts"
import { previewGang } from "../gang/gang-answer.ts"
import { wifiText } from "../network/tell-travel.ts"
import { snapshotOf } from "../queue/snapshot.ts"
import { learnedFor } from "./learned.ts"
import { shapeOf } from "./shape-of.ts"

/** Of no job that there is, or will be. */
const NO_JOB = Number.MAX_SAFE_INTEGER as JobId

function explainLast(core: Core, job: WaitingJob, now: number) {
  const snapshot = snapshotOf(core)
  return explain({ ...snapshot, waiting: [...snapshot.waiting, job] }, now, NO_JOB)
}

/** Where a job could run that is not sent, as if it stood last in the queue now. @param spec with its data as it is */
export function previewOf(core: Core, user: string, spec: JobSpec): JobPreview {
  const now = core.clock.now()
  const hosts = core.fleet.all()
  const ids = hosts.map(({ record }) => record.id)
  const kept = keptFrom(
    core,
    bookingsAhead(core, now, () => spec.timeLimitMs ?? 0),
    ids,
    { id: NO_JOB, user, spec },
    now,
  )
  const learned = learnedFor(core, user, spec)
  const job: WaitingJob = {
    id: NO_JOB,
    ...shapeOf({ user, spec, ...(learned === null ? {} : { learned }) }),
    notBeforeMs: null,
    crashes: core.store.jobs.crashes.of(user, spec),
    ...(kept.length === 0 ? {} : { kept }),
  }
  const answer =
    spec.gang === undefined ? explainLast(core, job, now) : previewGang(core, { id: NO_JOB, user, spec }, job)
  const places = answer?.hosts ?? []
  // Where it would start now; else where it has to.
  const at = places.find(({ code }) => code === "has_room") ?? places.find(({ name }) => name === spec.host)
  return {
    travel: at === undefined ? null : travelTo(core, job, at.host),
    summary: answer?.summary ?? "",
    code: answer?.code ?? "",
    hosts: places,
    data: spec.data.map(({ name, path, version, root, bytes }) => ({
      name,
      path,
      version,
      bytes,
      hosts: hosts
        .filter((host) => (root === null ? host.places.has(name) : host.channel !== null && host.data.has(root)))
        .map(({ record }) => record.name),
    })),
  }
}

/** How much of the folder the host lacks it says only once the job is placed there: one like it may be there. */
function travelTo(core: Core, job: WaitingJob, hostId: HostId): string | null {
  const { workspace } = job
  if (workspace == null || core.fleet.get(hostId)?.trees.includes(workspace.root) === true) return null
  const text = wifiText(core, job, hostId, workspace.bytes)
  return text === null ? null : `up to ${text}`
}
