import type { FoundAttempt } from "../../protocol/agent-wire.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { noteLeftovers } from "../fleet/leftovers.ts"
import { unknownText } from "../fleet/unknown-attempts.ts"
import { isEnding } from "../gang/member-end.ts"
import { isMember } from "../gang/members.ts"
import type { Hello } from "../hosts/host-channel.ts"
import { countFoundAsides } from "../owners/found-asides.ts"
import { sendOwner } from "../owners/lever-words.ts"
import { reconcileSuspended } from "../owners/step-aside.ts"
import { sayStoppedForAgain } from "../queue/stop-for.ts"
import { markRunning } from "./agent-news.ts"
import { awaitAtContact } from "./checkpoint-wait.ts"
import { isCurrent } from "./close-attempt.ts"
import { loseAttempt, recordExit } from "./end-attempt.ts"
import type { Tried } from "./job-table.ts"
import { holdWhatMayHaveRun } from "./older-copy.ts"
import { orderOf, secretsFor } from "./place.ts"
import { mayForget } from "./settle.ts"

/**
 * Brings what the server knows and what the host holds together again, at each new contact. Answers everything found,
 * starts again what never arrived, and draws the conclusion about what is gone. Within a change.
 */
export function reconcile(core: Core, host: FleetHost, hello: Hello): void {
  const known = core.table.onHost(host.record.id)
  const found = new Map(hello.attempts.map((each) => [each.attempt, each]))
  const highest = hello.attempts.reduce((most, { sequence }) => Math.max(most, sequence), hello.highWater)
  // Only a database restored from an older copy is behind its hosts: the numbers used since must not be used again.
  const isBehind = highest >= host.record.nextSequence
  if (isBehind) {
    core.fleet.update(host, { ...host.record, nextSequence: highest + 1 })
    core.ledger.hostChanged(host)
  }
  noteLeftovers(core, host, hello.leftovers)
  const { diskLimitBytes } = host.record
  if ((hello.diskLimitBytes ?? null) !== diskLimitBytes) {
    core.ledger.send(host, { type: "disk-limit", bytes: diskLimitBytes })
  }
  const unknown: FoundAttempt[] = []
  for (const each of hello.attempts) {
    const tried = core.table.attempt(each.attempt) ?? core.table.revive(each.attempt, host.record.id)
    if (tried === undefined || tried.attempt.hostId !== host.record.id || tried.attempt.sequence !== each.sequence) {
      unknown.push(each)
      core.ledger.send(host, { type: "disown", attempt: each.attempt, sequence: each.sequence })
    } else adopt(core, host, tried, each)
  }
  host.unknown = unknown
  if (unknown.length > 0) {
    core.ledger.event({
      type: "notice",
      message: `${host.record.name} holds ${unknownText(unknown)}`,
      host: host.record.id,
      job: null,
    })
  }
  for (const tried of known) {
    if (!found.has(tried.attempt.id)) resolveAbsent(core, host, tried, hello)
  }
  if (isBehind) holdWhatMayHaveRun(core, host, unknown)
  sendOwner(core, host)
  core.ledger.send(host, { type: "ready", server: core.store.server, now: core.clock.now() })
}

function adopt(core: Core, host: FleetHost, tried: Tried, found: FoundAttempt): void {
  const { job, attempt } = tried
  const { id, sequence } = attempt
  const log = attempt.logComplete ? undefined : core.logs.live(job.id, attempt.number, attempt.member?.rank)
  core.ledger.send(host, {
    type: "adopt",
    attempt: id,
    sequence,
    stdout: log?.received("stdout") ?? attempt.stdoutBytes ?? 0,
    stderr: log?.received("stderr") ?? attempt.stderrBytes ?? 0,
    // Its hello told how it ended, but only `exited` tells how much it printed, and makes us look whether we have it all.
    exitKnown: (attempt.state === "finishing" || attempt.state === "ended") && attempt.logComplete,
  })
  if (attempt.outOfContactSince !== null) {
    attempt.outOfContactSince = null
    core.ledger.attemptChanged(attempt)
    core.ledger.jobChanged(job)
    core.ledger.event({ type: "attempt_contact", job: job.id, attempt: id, lostSince: null })
  }
  awaitAtContact(core, tried)
  if (mayForget(tried)) {
    core.ledger.send(host, { type: "forget", attempt: id, sequence })
    return
  }
  if (attempt.fenced || attempt.state === "ended") {
    countFoundAsides(core, tried, found)
    core.ledger.send(host, {
      type: "stop",
      attempt: id,
      sequence,
      cause: "link_lost",
      signal: job.spec.stopSignal,
      graceMs: job.spec.graceMs,
    })
    return
  }
  if (found.phase === "running") markRunning(core, tried)
  if (job.standing?.timeLimitMs !== undefined) {
    core.ledger.send(host, { type: "limit", attempt: id, sequence, timeLimitMs: job.standing.timeLimitMs })
  }
  sayStoppedForAgain(core, tried)
  countFoundAsides(core, tried, found)
  reconcileSuspended(core, tried, found)
  if (found.phase === "exited" && found.exit !== null) recordExit(core, tried, found.exit, null)
  // A folder without the supervisor's record never ran and never will, unless it is started anew.
  if (found.phase === "preparing" && attempt.state === "starting" && !startAgain(core, host, tried)) return
  if (found.phase === "preparing" && attempt.state === "running") {
    loseAttempt(core, tried, "supervisor_lost", "the record that it ran is gone from its folder")
    return
  }
  sendStop(core, host, tried)
}

/** The host knows nothing of an attempt it was, or should have been, told of. */
function resolveAbsent(core: Core, host: FleetHost, tried: Tried, hello: Hello): void {
  const { attempt } = tried
  const neverHeardOf = attempt.state === "starting" && isCurrent(tried)
  if (neverHeardOf && attempt.sequence > hello.highWater) {
    const stop = stopFor(host, tried)
    if (stop === null) startAgain(core, host, tried)
    else loseAttempt(core, tried, stop.cause, "it was stopped before it reached the host", true)
  } else if (neverHeardOf) {
    loseAttempt(core, tried, "start_failed", "the order to start it was lost on its way to the host", true)
  } else {
    const restarted = host.record.facts !== null && host.record.facts.bootId !== hello.facts.bootId
    loseAttempt(
      core,
      tried,
      restarted ? "host_restarted" : "supervisor_lost",
      `${host.record.name} no longer holds the attempt's folder`,
    )
  }
}

/** Whether it could be started again; else the attempt has been ended. */
function startAgain(core: Core, host: FleetHost, tried: Tried): boolean {
  const { job, attempt } = tried
  const secrets = secretsFor(core, job)
  if (typeof secrets === "string") {
    loseAttempt(core, tried, "start_failed", secrets)
    return false
  }
  core.ledger.send(host, { type: "start", order: orderOf(core, job, attempt), secrets })
  return true
}

/** How the job is to end on this host: somebody has stopped it, or the host is leaving the pool; `null` when it goes on. */
function stopFor(
  host: FleetHost | undefined,
  { job, attempt }: Tried,
): Omit<NonNullable<JobRecord["stop"]>, "at" | "by"> | null {
  const { leaving = null } = host?.record ?? {}
  if (job.stop !== null) return job.stop
  const { stopSignal, graceMs } = job.spec
  const forOther = job.standing?.leaving
  if (forOther !== undefined && forOther.attempt === job.attempts.at(-1)?.number && leaving === null) {
    return { cause: "preempted", signal: stopSignal, graceMs: forOther.graceMs }
  }
  if (leaving === null && isMember(attempt) && isEnding(job)) {
    return { cause: attempt.member.leaves ?? "member_ended", signal: stopSignal, graceMs }
  }
  if (leaving === null) return null
  const cause = leaving.phase === "left" ? "owner_policy" : "preempted"
  return leaving.now ? { cause, signal: "SIGKILL", graceMs: 0 } : { cause, signal: stopSignal, graceMs }
}

/** Tells the agent of a stop that was asked for, perhaps while it was away. */
export function sendStop(core: Core, host: FleetHost | undefined, tried: Tried): void {
  const { attempt } = tried
  const stop = stopFor(host, tried)
  if (stop === null || attempt.state === "finishing" || attempt.state === "ended") return
  const { cause, signal, graceMs } = stop
  core.ledger.send(host, { type: "stop", attempt: attempt.id, sequence: attempt.sequence, cause, signal, graceMs })
}
