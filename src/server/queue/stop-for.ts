import { formatDuration } from "../../base/duration.ts"
import type { SuspendedFor } from "../../protocol/aside-wire.ts"
import type { HostId, JobId } from "../../protocol/ids.ts"
import type { StoppedFor } from "../../protocol/queue-request.ts"
import type { Preemption } from "../../scheduler/queue/queue-plan.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { isCurrent } from "../jobs/close-attempt.ts"
import type { Tried } from "../jobs/job-table.ts"
import { namesOf } from "./job-names.ts"
import { setStanding } from "./standing.ts"

/** One that was stopped in vain is let be for so long. */
const IN_VAIN_MS = 60_000

/** What its host was told last of stopping this attempt for another job; `undefined`: nothing yet. */
export function stoppedForOf({ job, attempt }: Tried): StoppedFor | undefined {
  const stoppedFor = job.standing?.stoppedFor
  return stoppedFor?.attempt === attempt.number ? stoppedFor : undefined
}

/** The job for which the attempt is stopped, or is to be; `null` when it is for none. */
export function isStoppedFor(tried: Tried): JobId | null {
  return isCurrent(tried) && !tried.attempt.swept ? (stoppedForOf(tried)?.for ?? null) : null
}

/**
 * What runs in the place of one that is stopped for it, or, on its way out, for who comes after it. Of an array it is the task that began to then: others that have room
 * beside do not keep it stopped.
 * @param here all that is on its host
 */
export function runnerFor(here: readonly Tried[], tried: Tried): Tried | undefined {
  const known = stoppedForOf(tried)
  const runner = known?.runner ?? known?.for
  return here.find((one) => one.job.id === runner && !one.attempt.swept)
}

/** Whether it is the job, or a task of it, for which the other one is stopped. */
export function isWhatFor({ id, task }: JobRecord, tried: Tried): boolean {
  const job = isStoppedFor(tried)
  return job !== null && (id === job || task?.array === job)
}

/** A job, or a task of an array, has its place on a host: it runs instead of those that were stopped for it there. Within a change. */
export function noteRunner(core: Core, started: JobRecord, host: HostId): void {
  const here = core.table.onHost(host)
  for (const tried of here) {
    if (!isWhatFor(started, tried)) continue
    const before = runnerFor(here, tried)?.job
    const runner = before !== undefined && isWhatFor(before, tried) ? before : started
    const known = stoppedForOf(tried)!
    if (known.runner !== runner.id) setStanding(core, tried.job, { stoppedFor: { ...known, runner: runner.id } })
  }
}

/**
 * One is gone that ran in the place of others. Where it was stopped for a third in turn, that one has their place now, and they stay stopped for it. Within a change.
 */
export function passOnStopped(core: Core, gone: Tried): void {
  const here = core.table.onHost(gone.attempt.hostId)
  const next = stoppedForOf(gone)
  for (const tried of here) {
    const known = stoppedForOf(tried)
    const isIts = (known?.runner ?? known?.for) === gone.job.id
    if (known === undefined || tried.job === gone.job || isStoppedFor(tried) === null || !isIts) continue
    const { runner: _, ...word } = known
    if (next !== undefined && next.for !== null) {
      const runner = runnerFor(here, gone)?.job.id
      const passedOn = { ...word, for: next.for, text: next.text }
      setStanding(core, tried.job, { stoppedFor: runner === undefined ? passedOn : { ...passedOn, runner } })
    } else if (!isWhatFor(gone.job, tried)) setStanding(core, tried.job, { stoppedFor: word })
  }
}

/** Has an attempt stopped for a job that then runs beside its memory. Who runs in its place goes first, if that has to go. Within a change. */
export function stopFor(core: Core, tried: Tried, one: Preemption, now: number): void {
  const before = stoppedForOf(tried)
  const isKnown = before !== undefined && before.for !== null && (before.for === one.for || before.runner === one.for)
  if (isKnown) return
  const right = { owner: "whose Mac it is", tier: "by its partition's tier", qos: "by its QOS" }[one.by]
  const text = `for job ${namesOf(core)(one.for)} (${right})`
  const runner = runnerFor(core.table.onHost(tried.attempt.hostId), tried)?.job.id
  say(core, tried, { for: one.for, ...(runner === undefined ? {} : { runner }), since: now, text })
  core.ledger.event({ type: "job_changed", job: tried.job.id, what: `suspended ${text}` })
}

/** Whether it was stopped for the job just now, which then did not start. */
export function wasInVain(tried: Tried, now: number): boolean {
  const before = stoppedForOf(tried)
  return before?.for === null && before.text.startsWith(IN_VAIN) && now - before.since < IN_VAIN_MS
}

const IN_VAIN = "it could not start"

/**
 * Lets those go on for whose job there is no reason any more to keep them stopped: it has ended, left their host, or could not start although all made
 * room. Within a change.
 *
 * @param planned whether those who wait have just had their turn
 * @returns when to plan again, where somebody was stopped in vain
 */
export function letGoOn(core: Core, awaited: ReadonlySet<JobId>, planned: boolean): number | null {
  const now = core.clock.now()
  let againMs: number | null = null
  for (const { record } of core.fleet.all()) {
    const here = core.table.onHost(record.id)
    for (const tried of here) {
      const job = isStoppedFor(tried)
      if (job === null || runnerFor(here, tried) !== undefined) continue
      const next = core.table.live(job)
      const waits = next?.state === "queued"
      // It may have come to wait for others elsewhere.
      const isAskedHere = () => next?.standing?.roomAsked?.some(({ hosts }) => hosts.includes(record.id)) === true
      if (waits && (!planned || (awaited.has(job) && isAskedHere()))) continue
      if (waits) againMs = now + IN_VAIN_MS
      const { since } = stoppedForOf(tried)!
      const text = waits ? `${IN_VAIN} after all` : `job ${namesOf(core)(job)} has left`
      say(core, tried, { for: null, since: now, text })
      const took = formatDuration(Math.max(0, now - since))
      core.ledger.event({ type: "job_changed", job: tried.job.id, what: `goes on after ${took}: ${text}` })
    }
  }
  return againMs
}

/** Its host has done what it was told. A repeat, and an answer to an older word, change nothing. Within a change. */
export function noteStoppedFor(core: Core, tried: Tried, { turn }: SuspendedFor): void {
  const known = stoppedForOf(tried)
  if (known === undefined || known.turn !== turn || known.done) return
  setStanding(core, tried.job, { stoppedFor: { ...known, done: true } })
  core.wakePlanner()
}

/** Tells the host what it may not have heard. Within a change. */
export function sayStoppedForAgain(core: Core, tried: Tried): void {
  const known = stoppedForOf(tried)
  if (known !== undefined) send(core, tried, known)
}

function say(core: Core, tried: Tried, word: Pick<StoppedFor, "for" | "runner" | "since" | "text">): void {
  const { job, attempt } = tried
  const turn = (stoppedForOf(tried)?.turn ?? 0) + 1
  const stoppedFor: StoppedFor = { attempt: attempt.number, turn, done: false, ...word }
  setStanding(core, job, { stoppedFor })
  send(core, tried, stoppedFor)
}

function send(core: Core, { attempt }: Tried, { turn, for: job, text }: StoppedFor): void {
  const { id, sequence, hostId } = attempt
  core.ledger.send(core.fleet.get(hostId), { type: "suspend-for", attempt: id, sequence, turn, for: job, text })
}
