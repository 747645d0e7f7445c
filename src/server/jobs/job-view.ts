import type { AttemptView, JobSpec, JobView } from "../../protocol/job.ts"
import { reasonText } from "../../scheduler/queue/reason-text.ts"
import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import { arrayView, shownState } from "../arrays/array-view.ts"
import type { Core } from "../core.ts"
import { gateOf } from "../queue/gate.ts"
import { plansByQueue } from "../queue/scene-now.ts"
import { usageOf } from "./attempt-usage.ts"

/** Whom something is shown to. */
export interface Viewer {
  readonly user: string
  readonly role: "user" | "admin"
}

/** Whether this person may read a job's logs, fetch its outputs and stop it. */
export function mayRule(viewer: Viewer, job: JobRecord): boolean {
  return viewer.role === "admin" || viewer.user === job.user
}

/** A job as this person may see it: everybody sees the queue, only the sender and admins see what was sent. */
export function viewOf(core: Core, job: JobRecord, viewer: Viewer): JobView {
  const own = mayRule(viewer, job)
  const ended = job.verdict
  const array = arrayView(core.table.arrays, job)
  return {
    id: job.id,
    user: job.user,
    spec: own ? job.spec : veiled(job.spec),
    state: shownState(core.table.arrays, job),
    cause: job.cause,
    exitCode: ended?.exitCode ?? null,
    signal: ended?.signal ?? null,
    reason: heldText(core, job) ?? job.reason,
    place: job.state === "queued" ? placeOf(core, job) : null,
    submittedAt: job.submittedAt,
    startedAt: job.startedAt,
    endedAt: job.endedAt,
    attempts: job.attempts.map((attempt) => attemptView(core, attempt)),
    outputs: job.outputs,
    ...(job.checkpoint === undefined ? {} : { checkpoint: job.checkpoint }),
    ...(job.standing === undefined ? {} : { standing: job.standing }),
    ...(job.learned === undefined ? {} : { learned: job.learned }),
    ...(array === undefined ? {} : { array }),
    ...(job.task === undefined ? {} : { task: job.task }),
  }
}

function attemptView(core: Core, attempt: AttemptRecord): AttemptView {
  const log = attempt.logComplete ? undefined : core.logs.liveIfOpen(attempt.job, attempt.number, attempt.member?.rank)
  return {
    id: attempt.id,
    number: attempt.number,
    ...(attempt.member === undefined ? {} : { rank: attempt.member.rank, link: attempt.member.link ?? "not known" }),
    hostId: attempt.hostId,
    hostName: attempt.hostName,
    state: attempt.state,
    outOfContactSince: attempt.outOfContactSince,
    startedAt: attempt.startedAt,
    endedAt: attempt.endedAt,
    cause: attempt.cause,
    exitCode: attempt.exitCode,
    signal: attempt.signal,
    message: attempt.message,
    peakMemoryBytes: attempt.peakMemoryBytes,
    ...usageOf(attempt),
    stdoutBytes: log?.received("stdout") ?? attempt.stdoutBytes ?? 0,
    stderrBytes: log?.received("stderr") ?? attempt.stderrBytes ?? 0,
    suspended: attempt.suspended,
    suspendedMs: attempt.suspendedMs,
    ...(attempt.state === "ended" && attempt.startedAt !== null && attempt.stdoutBytes === null
      ? { logEnd: "unknown" }
      : {}),
    ...(attempt.sleeps === undefined ? {} : { sleeps: attempt.sleeps }),
  }
}

/** The command's first word stays, as `ps` shows it anywhere; values and contents go. */
function veiled({ project: _, ...spec }: JobSpec): JobSpec {
  return {
    ...spec,
    command: spec.command.slice(0, 1),
    env: {},
    secrets: [],
    workspace: null,
    workingFolder: "",
    outputs: null,
    checkpoint: null,
    stdin: null,
    notify: null,
    data: [],
    git: null,
    environment: null,
  }
}

/** By a policy the order is another one: who was only just sent has no place before it is planned. */
function placeOf(core: Core, { id }: JobRecord): number | null {
  return plansByQueue(core) ? core.table.places.planned(id) : core.table.places.byTurn(id)
}

/** What keeps it out of the queue, as of now: how long that takes is in it. */
function heldText(core: Core, job: JobRecord): string | null {
  if (job.state !== "held") return null
  const now = core.clock.now()
  const gate = gateOf(core, job, now)
  return gate.state === "open" ? null : reasonText(gate.reason, now)
}
