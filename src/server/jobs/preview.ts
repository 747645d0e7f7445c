import type { HostId, JobId } from "../../protocol/ids.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { JobPreview } from "../../protocol/job-preview.ts"
import { explain } from "../../scheduler/explain.ts"
import type { WaitingJob } from "../../scheduler/snapshot.ts"
import { type JobRecord, untriedJob } from "../../store/job-record.ts"
import { arrayOf } from "../arrays/check-array.ts"
import { bookingsAhead } from "../bookings/bookings-ahead.ts"
import { keptFrom } from "../bookings/kept-from.ts"
import type { Core } from "../core.ts"
import { wifiText } from "../network/tell-travel.ts"
import { namesOf } from "../queue/job-names.ts"
import { gateAnswer } from "../queue/plan-answer.ts"
import { type PlannedPreview, previewPlan } from "../queue/preview-plan.ts"
import { plansByQueue } from "../queue/scene-now.ts"
import { snapshotOf } from "../queue/snapshot.ts"
import { learnedFor } from "./learned.ts"
import { shapeOf } from "./shape-of.ts"

/** Of no job that there is, or will be. */
const NO_JOB = Number.MAX_SAFE_INTEGER as JobId

/** Where a job could run that is not sent, as if it stood last in the queue now. @param spec with its data as it is */
export function previewOf(core: Core, user: string, spec: JobSpec): JobPreview {
  const now = core.clock.now()
  const job = jobOf(core, user, spec, now)
  const waiting = waitingOf(core, job)
  const gate = gateAnswer(core, { ...job, state: "held" }, now)
  const answer =
    plansByQueue(core) || spec.gang !== undefined
      ? previewPlan(core, job, waiting, now)
      : previewByTurn(core, job, waiting, now)
  const { hosts } = answer
  // Where it would start now; else where it has to.
  const [first = hosts.find(({ name }) => name === spec.host)?.host] = gate === null ? answer.startsOn : []
  return {
    travel: first === undefined ? null : travelTo(core, waiting, first),
    summary: (gate ?? answer).summary,
    code: (gate ?? answer).code,
    hosts,
    data: spec.data.map(({ name, path, version, root, bytes }) => ({
      name,
      path,
      version,
      bytes,
      hosts: core.fleet
        .all()
        .filter((host) => (root === null ? host.places.has(name) : host.channel !== null && host.data.has(root)))
        .map(({ record }) => record.name),
    })),
  }
}

/** As it would be kept. */
function jobOf(core: Core, user: string, spec: JobSpec, now: number): JobRecord {
  const learned = learnedFor(core, user, spec)
  const array = arrayOf(spec)
  return {
    ...untriedJob({ id: NO_JOB, user, spec, submittedAt: now }),
    ...(learned === null ? {} : { learned }),
    ...(spec.queue?.hold === true ? { standing: { hold: "user" } } : {}),
    ...(array === undefined ? {} : { array }),
  }
}

/** As it would wait. */
function waitingOf(core: Core, job: JobRecord): WaitingJob {
  const { user, spec, array } = job
  const shape = { id: NO_JOB, ...shapeOf(job), notBeforeMs: null, crashes: core.store.jobs.crashes.of(user, spec) }
  if (array === undefined) return shape
  const { atOnce, all } = array
  return { ...shape, array: { of: NO_JOB, tasks: { runs: all.runs, count: all.size, atOnce }, atOnce, running: 0 } }
}

/** First come, first served. */
function previewByTurn(core: Core, job: JobRecord, waiting: WaitingJob, now: number): PlannedPreview {
  const hosts = core.fleet.all().map(({ record }) => record.id)
  const ahead = bookingsAhead(core, now, () => job.spec.timeLimitMs ?? 0)
  const kept = keptFrom(core, ahead, hosts, job, now)
  const snapshot = snapshotOf(core)
  const last = kept.length === 0 ? waiting : { ...waiting, kept }
  const answer = explain({ ...snapshot, waiting: [...snapshot.waiting, last] }, now, NO_JOB, namesOf(core))
  if (answer === undefined) return { summary: "", code: "", hosts: [], startsOn: [] }
  const free = answer.hosts.find(({ code }) => code === "has_room")
  return { ...answer, startsOn: free === undefined ? [] : [free.host] }
}

/** How much of the folder the host lacks it says only once the job is placed there: one like it may be there. */
function travelTo(core: Core, job: WaitingJob, hostId: HostId): string | null {
  const { workspace } = job
  if (workspace == null || core.fleet.get(hostId)?.trees.includes(workspace.root) === true) return null
  const text = wifiText(core, job, hostId, workspace.bytes)
  return text === null ? null : `up to ${text}`
}
