import { formatDuration } from "../../base/duration.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { HoldBy, NiceRequest, TimeRequest } from "../../protocol/queue-request.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { mayChange } from "../bookings/may-book.ts"
import { type RunsInto, runsInto, runsIntoNotice } from "../bookings/runs-into.ts"
import type { Core } from "../core.ts"
import { latestOf } from "../gang/members.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { transition } from "../jobs/transition.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { lookAtGates } from "./look-at-gates.ts"
import { meetsDeadline } from "./meets-deadline.ts"
import { forgetReached } from "./reached.ts"
import { niceOf, queueAskedOf, setStanding, timeLimitOf } from "./standing.ts"
import { placedAs } from "./who-of.ts"

/**
 * Keeps a waiting job from starting until it is released. An administrator's hold on somebody else's job only administrators release. A
 * repeat changes nothing. Within a change.
 * @throws {WindfallError} wrong_state
 */
export function holdJob(core: Core, job: JobRecord, viewer: Viewer): void {
  if (job.state !== "held" && job.state !== "queued") {
    throw new WindfallError("wrong_state", `Cannot hold job ${jobNumber(job)}: it is ${job.state}`, {
      hint: isFinal(job.state)
        ? "Send it again: windfall rerun JOB"
        : `Only jobs that wait can be held. To end it: windfall stop ${jobNumber(job)}`,
    })
  }
  const by: HoldBy = viewer.user === job.user ? "user" : "admin"
  const before = job.standing?.hold
  if (before === by || before === "admin") return
  setStanding(core, job, { hold: by })
  core.ledger.event({ type: "job_changed", job: job.id, what: "held" }, viewer.user)
  const reason = by === "admin" ? "held by an administrator" : "held by its user"
  if (job.state === "queued") transition(core, job, "held", { reason, actor: viewer.user })
  else job.reason = reason
}

/**
 * Lets a job go on that was held: it joins the queue once nothing else keeps it out. A repeat changes nothing. Within a change.
 * @throws {WindfallError} not_allowed for who may not release an administrator's hold
 */
export function releaseJob(core: Core, job: JobRecord, viewer: Viewer): void {
  const by = job.standing?.hold
  if (by === undefined) {
    if (!isFinal(job.state)) return
    throw new WindfallError(
      "wrong_state",
      `Cannot release job ${jobNumber(job)}: it has already ended (${job.state})`,
      {
        hint: `How it ended: windfall show ${jobNumber(job)}`,
      },
    )
  }
  if (by === "admin" && viewer.role !== "admin") {
    throw new WindfallError("not_allowed", `Cannot release job ${jobNumber(job)}: an administrator holds it`, {
      hint: "Ask an administrator of the pool",
    })
  }
  setStanding(core, job, { hold: undefined })
  core.ledger.event({ type: "job_changed", job: job.id, what: "released" }, viewer.user)
  if (core.table.gates.note(job)) core.wakePlanner()
  // Whoever released it is told whether it waits for something else.
  lookAtGates(core)
}

/**
 * Changes what a waiting job's priority is made of. Users only give up points; administrators do as they like. Within a change.
 * @throws {WindfallError} not_allowed, wrong_state, invalid_input: nothing was changed then
 */
export function niceJob(core: Core, job: JobRecord, { nice, priority }: NiceRequest, viewer: Viewer): void {
  refuseEnded(job, "change the priority of")
  if (nice === undefined && priority === undefined) {
    throw new WindfallError("invalid_input", `Cannot change the priority of job ${jobNumber(job)}: nothing was said`, {
      hint: `For instance: windfall nice ${jobNumber(job)} 100`,
    })
  }
  const before = niceOf(job)
  if (viewer.role !== "admin") {
    const what =
      priority !== undefined ? "set its priority by hand" : nice! < before ? `lower its nice from ${before}` : null
    if (what !== null) {
      throw new WindfallError("not_allowed", `Cannot change job ${jobNumber(job)}: only an administrator may ${what}`, {
        hint: `You may let others go first: windfall nice ${jobNumber(job)} ${before + 100}`,
      })
    }
  }
  const words: string[] = []
  if (nice !== undefined && nice !== before) {
    setStanding(core, job, { nice })
    forgetReached(core, job)
    words.push(`nice ${before} -> ${nice}`)
  }
  const byHand = job.standing?.priority
  if (priority !== undefined && (priority ?? undefined) !== byHand) {
    setStanding(core, job, { priority: priority ?? undefined })
    words.push(`priority ${byHand ?? "by its factors"} -> ${priority ?? "by its factors"}`)
  }
  if (words.length === 0) return
  core.ledger.event({ type: "job_changed", job: job.id, what: words.join(", ") }, viewer.user)
  core.wakePlanner()
}

/**
 * Changes a job's time limit. Its user may set any while it waits and only a shorter one once it was placed; an administrator, and a
 * coordinator of its account, any at any time, but into a booking of others only who may change that. What waits for longer than its deadline
 * leaves is refused, as when it is sent. Within a change. Returns what there is to know: which bookings it may run into now.
 * @throws {WindfallError} not_allowed, wrong_state, invalid_input: nothing was changed then
 */
export function limitJob(core: Core, job: JobRecord, { timeLimitMs }: TimeRequest, viewer: Viewer): readonly string[] {
  refuseEnded(job, "change the time limit of")
  const before = timeLimitOf(job)
  if (timeLimitMs === before) return []
  const isPlaced = job.state !== "queued" && job.state !== "held"
  const isLonger = (timeLimitMs ?? Number.POSITIVE_INFINITY) > (before ?? Number.POSITIVE_INFINITY)
  if (isPlaced && isLonger && viewer.role !== "admin" && !coordinates(core, job, viewer.user)) {
    throw new WindfallError("not_allowed", `Cannot give job ${jobNumber(job)} more time: it is ${job.state}`, {
      hint: "Administrators and coordinators of its account can; you can make its limit shorter",
    })
  }
  if (job.state === "finishing") {
    throw new WindfallError(
      "wrong_state",
      `Cannot change the time limit of job ${jobNumber(job)}: its command has ended`,
    )
  }
  if (!isPlaced) refuseLate(core, job, timeLimitMs)
  const inTheWay = isPlaced && isLonger ? runsInto(core, job, timeLimitMs) : []
  for (const one of inTheWay) if (!mayChange(core, viewer, one.booking)) throw intoBookingError(job, one)
  const notices = inTheWay.map((one) => runsIntoNotice(job, one))
  setStanding(core, job, { timeLimitMs })
  const text = (limit: number | null) => (limit === null ? "none" : formatDuration(limit))
  const into = inTheWay.map((one) => `; it may run into ${one.text}`).join("")
  const what = `time limit ${text(before)} -> ${text(timeLimitMs)}${into}`
  core.ledger.event({ type: "job_changed", job: job.id, what }, viewer.user)
  for (const attempt of isPlaced ? latestOf(job) : []) {
    const tried = core.table.attempt(attempt.id)
    if (tried === undefined) continue
    core.table.leaseChanged(tried)
    const host = core.fleet.get(tried.attempt.hostId)
    // Who is away is told at its next contact.
    if (host !== undefined) {
      core.ledger.send(host, {
        type: "limit",
        attempt: tried.attempt.id,
        sequence: tried.attempt.sequence,
        timeLimitMs,
      })
    }
  }
  core.table.gates.note(job)
  core.wakePlanner()
  return notices
}

function intoBookingError(job: JobRecord, { booking, text }: RunsInto): WindfallError {
  return new WindfallError("not_allowed", `Cannot give job ${jobNumber(job)} so much time: it would run into ${text}`, {
    hint: `Give it less, or ask ${booking.madeBy}, who made the booking, or an administrator`,
  })
}

/** With a limit that its deadline leaves no time for it would not wait on, but end at once. */
function refuseLate(core: Core, job: JobRecord, timeLimitMs: number | null): void {
  const now = core.clock.now()
  const changed = { spec: job.spec, standing: { ...job.standing, timeLimitMs } }
  const meets = meetsDeadline(currentPolicy(core), changed, now)
  if (meets === "yes") return
  const { deadlineAt, beginAt } = queueAskedOf(job)
  const leftMs = (deadlineAt ?? now) - Math.max(now, beginAt ?? 0)
  const why = meets === "no" ? "it could not end before its deadline" : "with a deadline nobody would know when it ends"
  throw new WindfallError("invalid_input", `Cannot change the time limit of job ${jobNumber(job)} so: ${why}`, {
    hint:
      leftMs <= 0
        ? "Its deadline leaves no time. Send it again with a later one: windfall send --deadline WHEN"
        : `Its deadline leaves ${formatDuration(leftMs)} if it starts as soon as it may. For a later one send it again`,
  })
}

/** Whether the user coordinates the account that the job ran as, or that it is counted in while it waits, or one above it. */
export function coordinates(core: Core, job: JobRecord, user: string): boolean {
  const policy = currentPolicy(core)
  const { accounts } = policy
  let name: string | null = job.standing?.ranAs?.account ?? placedAs(policy, job.user, job.spec).account
  while (name !== null) {
    const account = accounts.find((one) => one.name === name)
    if (account?.coordinators.includes(user) === true) return true
    name = account?.parent ?? null
  }
  return false
}

function refuseEnded(job: JobRecord, doing: string): void {
  if (!isFinal(job.state)) return
  throw new WindfallError("wrong_state", `Cannot ${doing} job ${jobNumber(job)}: it has already ended (${job.state})`, {
    hint: `How it ended: windfall show ${jobNumber(job)}`,
  })
}
