import type { ExitRecord } from "../../protocol/agent-wire.ts"
import type { Cause } from "../../protocol/job-state.ts"
import type { Core } from "../core.ts"
import { againTogether } from "../gang/again-together.ts"
import { missCheckpoint, noteMemberEnd } from "../gang/member-end.ts"
import { outputsOf, setOutputs } from "../gang/member-outputs.ts"
import { isMember, mainOf, membersOf } from "../gang/members.ts"
import { endMembers, forgetMembers } from "../gang/settle-gang.ts"
import { endSuspension } from "../owners/step-aside.ts"
import { recordUseEnded, recordUseLost } from "../usage/record-use.ts"
import { againText } from "./again-text.ts"
import { awaitCheckpoint, dropDamaged } from "./checkpoint-wait.ts"
import { bringsOutputs, conclude, endAttempt, isCurrent, NO_OUTPUTS } from "./close-attempt.ts"
import { withDiskAdvice } from "./disk-advice.ts"
import { noteHostCrash } from "./host-crash.ts"
import type { Tried } from "./job-table.ts"
import { type AttemptEnd, outcomeOf } from "./outcome.ts"
import { settleLostOutput, settleOutput, trySettle } from "./settle.ts"
import { transition } from "./transition.ts"

/**
 * The host wrote down how the command ended. From here the verdict stands; a repeat changes nothing.
 * Within a change of the ledger.
 */
export function recordExit(
  core: Core,
  tried: Tried,
  exit: ExitRecord,
  totals: { readonly stdout: number; readonly stderr: number } | null,
): void {
  const { attempt } = tried
  if (attempt.stdoutBytes === null && totals !== null) {
    attempt.stdoutBytes = totals.stdout
    attempt.stderrBytes = totals.stderr
    core.ledger.attemptChanged(attempt)
  }
  if (isCurrent(tried) && attempt.state !== "finishing") {
    const now = core.clock.now()
    const ranMs = ranOnHost(exit)
    // News of the start may come late, too: then it ran before that for as long as its host says.
    const startedBy = attempt.startedAt ?? (exit.startedAt === null ? null : now)
    attempt.startedAt =
      startedBy === null ? null : Math.max(tried.job.submittedAt, Math.min(startedBy, now - (ranMs ?? 0)))
    // The news may be late, when the link was lost meanwhile: what the command took is what its host measured.
    const endedAt = attempt.startedAt === null || ranMs === null ? now : Math.min(now, attempt.startedAt + ranMs)
    attempt.peakMemoryBytes = exit.peakMemoryBytes ?? attempt.peakMemoryBytes
    attempt.message = exit.message === null ? null : withDiskAdvice(exit.cause, exit.message, attempt.hostName)
    const neverRan = exit.startedAt === null && exit.exitCode === null && exit.signal === null
    decide(core, tried, { ...exit, neverRan, slipped: false }, endedAt)
    recordUseEnded(core, tried, exit)
  } else if (attempt.fenced) recordUseEnded(core, tried, exit)
  settleOutput(core, tried)
}

/**
 * The order was refused, or came to nothing before the command ran. The host holds nothing of it: also when it said before
 * that it runs, which only a host does that is damaged or lies.
 */
export function recordRefusal(core: Core, tried: Tried, cause: Cause | "gone", message: string): void {
  const { job, attempt } = tried
  const slipped = cause === "gone"
  if (attempt.state !== "starting") {
    loseAttempt(core, tried, slipped ? "supervisor_lost" : cause, message)
    return
  }
  const current = isCurrent(tried)
  settleLostOutput(core, tried)
  if (!current) return
  attempt.message = withDiskAdvice(cause, message, attempt.hostName)
  const ended = { cause: slipped ? "start_failed" : cause, exitCode: null, signal: null } as const
  // It can do without what an earlier attempt left, if that is what could not be laid out.
  const isOfCheckpoint = cause === "workspace_failed" && dropDamaged(core, job)
  decide(core, tried, { ...ended, neverRan: true, slipped: slipped || isOfCheckpoint })
}

/**
 * Nothing more will ever be heard of the attempt: its host is gone for good, or does not know it any more. A verdict
 * that was recorded stands; only the outputs are lost then.
 */
export function loseAttempt(core: Core, tried: Tried, cause: Cause, message: string, slipped = false): void {
  const { attempt } = tried
  const current = isCurrent(tried)
  const { outOfContactSince } = attempt
  settleLostOutput(core, tried)
  if (!current) return
  if (attempt.state === "finishing") {
    const outputs = outputsOf(tried)
    if (outputs?.state === "collecting" && bringsOutputs(tried)) setOutputs(core, tried, { ...outputs, state: "lost" })
    trySettle(core, tried)
    return
  }
  attempt.message = message
  const end = { cause, exitCode: null, signal: null, neverRan: slipped, slipped }
  decide(core, tried, end, outOfContactSince ?? core.clock.now())
  recordUseLost(core, tried, outOfContactSince)
}

/**
 * A host was silent for longer than the sender wanted to wait: the attempt's result no longer counts. The host may still
 * hold it; when it comes back it is told to end it.
 */
export function giveUp(core: Core, tried: Tried, cause: Cause, message: string): void {
  const { job, attempt } = tried
  if (!isCurrent(tried) || attempt.state === "finishing") return
  const { outOfContactSince } = attempt
  attempt.message = message
  const end = { cause, exitCode: null, signal: null, neverRan: false, slipped: false }
  decide(core, tried, end, outOfContactSince ?? core.clock.now())
  recordUseLost(core, tried, outOfContactSince)
  attempt.fenced = true
  core.ledger.afterCommit(() => core.logs.liveIfOpen(job.id, attempt.number, attempt.member?.rank)?.release())
  if (attempt.member !== undefined) {
    if (bringsOutputs(tried) && job.outputs !== null) setOutputs(core, tried, NO_OUTPUTS)
    trySettle(core, tried)
  } else if (job.verdict !== null) {
    job.outputs = NO_OUTPUTS
    conclude(core, job, attempt, job.verdict)
  }
}

/** How long the command ran by its host's clock; `null` when it did not, or that clock was set back meanwhile. */
function ranOnHost({ startedAt, endedAt }: ExitRecord): number | null {
  return startedAt === null || endedAt < startedAt ? null : endedAt - startedAt
}

function decide(core: Core, tried: Tried, end: AttemptEnd, endedAt = core.clock.now()): void {
  const { job, attempt } = tried
  attempt.cause = end.cause
  attempt.exitCode = end.exitCode
  attempt.signal = end.signal
  attempt.endedAt = Math.max(endedAt, attempt.startedAt ?? attempt.placedAt)
  endSuspension(core, tried, attempt.endedAt)
  core.ledger.attemptChanged(attempt)
  if (end.cause === "host_crashed") noteHostCrash(core, tried)
  if (!isMember(attempt)) {
    settleEnd(core, tried, end)
    return
  }
  const whole = noteMemberEnd(core, job, attempt, end)
  const main = mainOf(job)
  if (whole !== null && main !== undefined) settleEnd(core, { job, attempt: main }, whole)
}

/** @param end of the attempt as a whole, whose main member has `attempt` where it is on several hosts */
function settleEnd(core: Core, tried: Tried, end: AttemptEnd): void {
  const { job, attempt } = tried
  const outcome = outcomeOf(job, end)
  if (outcome.kind === "again") {
    if (isMember(attempt)) {
      tryAllAgain(core, tried, end, outcome.waitMs)
      return
    }
    awaitCheckpoint(core, tried, end)
    const reason = againText(core, tried, end.neverRan)
    endAttempt(core, job, attempt)
    const notBeforeMs = outcome.waitMs === 0 ? null : core.clock.now() + outcome.waitMs
    transition(core, job, "queued", { cause: end.cause, reason, notBeforeMs })
    return
  }
  job.verdict = outcome.verdict
  attempt.state = "finishing"
  if (isMember(attempt)) {
    // Nobody waits for what would have been the next one's.
    if (job.checkpoint != null) job.checkpoint = { ...job.checkpoint, awaited: null }
  } else {
    const expectsOutputs = attempt.onHost && !end.neverRan
    job.outputs = expectsOutputs ? { ...NO_OUTPUTS, state: "collecting" } : NO_OUTPUTS
  }
  transition(core, job, "finishing", { cause: outcome.verdict.cause, reason: attempt.message })
  trySettle(core, tried)
}

/** All members have ended, and the whole waits again: with what the main one wrote, should that come. */
function tryAllAgain(core: Core, { job }: Tried, end: AttemptEnd, waitMs: number): void {
  const main = membersOf(job)[0]
  if (main !== undefined) missCheckpoint(core, job, main)
  const once = (job.checkpoint?.awaited ?? null) === null ? "" : " once what rank 0 wrote is here"
  endMembers(core, job)
  job.outputs = null
  const reason = `${againTogether(core, job, end)}${once}`
  transition(core, job, "queued", {
    cause: end.cause,
    reason,
    notBeforeMs: waitMs === 0 ? null : core.clock.now() + waitMs,
  })
  forgetMembers(core, job)
}
