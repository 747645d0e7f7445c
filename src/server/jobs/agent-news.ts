import type { AgentMessage } from "../../protocol/agent-wire.ts"
import { HELD_KINDS, type HostDisk } from "../../protocol/host-disk.ts"
import type { Core } from "../core.ts"
import { noteData } from "../data/data-hosts.ts"
import { notePlaceProblem, notePlacesUsed, notePlacing } from "../data/placing.ts"
import { supplyData } from "../data/supply-data.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { noteLeftovers } from "../fleet/leftovers.ts"
import { memoryNow } from "../fleet/memory-now.ts"
import { noteOwnerLeaves } from "../fleet/owner-left.ts"
import { noteMemoryOfSample, noteVitals } from "../fleet/vitals.ts"
import { noteAtGate } from "../gang/gate.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import { noteNetwork } from "../network/note-network.ts"
import { noteActivity } from "../notify/activity.ts"
import { noteLever } from "../owners/lever-words.ts"
import { notePresence } from "../owners/presence-news.ts"
import { markContinued, noteSuspended, noteVacating } from "../owners/step-aside.ts"
import { noteStoppedFor } from "../queue/stop-for.ts"
import { recordUse } from "../usage/record-use.ts"
import { noteUsage } from "./attempt-usage.ts"
import { recordCheckpoint } from "./checkpoint.ts"
import { isCurrent } from "./close-attempt.ts"
import { loseAttempt, recordExit, recordRefusal } from "./end-attempt.ts"
import { equip } from "./equip.ts"
import type { Tried } from "./job-table.ts"
import { noteSleep } from "./note-sleep.ts"
import { recordOutputs } from "./outputs.ts"
import { mayForget, recordSwept } from "./settle.ts"
import { supply } from "./supply.ts"
import { transition } from "./transition.ts"

/** Applies what an agent tells, within a change. Repeats and news of what is over change nothing. */
export function applyNews(core: Core, host: FleetHost, channel: HostChannel, messages: readonly AgentMessage[]): void {
  for (const message of messages) {
    if (message.type === "hello") continue
    if (message.type === "notice") {
      const about = message.attempt === undefined ? undefined : core.table.attempt(message.attempt)
      const isItsOwn = about?.attempt.hostId === host.record.id && about.attempt.sequence === message.sequence
      const job = isItsOwn ? about.job.id : null
      core.ledger.event({ type: "notice", message: message.message, host: host.record.id, job })
      continue
    }
    if (message.type === "leftovers") {
      noteLeftovers(core, host, message.leftovers)
      continue
    }
    if (message.type === "left") {
      noteOwnerLeaves(core, host)
      continue
    }
    if (message.type === "sample") {
      noteSample(core, host, message)
      continue
    }
    if (message.type === "vitals") {
      noteVitals(core, host, message.vitals)
      continue
    }
    if (message.type === "disk") {
      host.disk = heldOf(message.disk)
      continue
    }
    if (message.type === "data") {
      noteData(core, host, message.roots)
      core.wakePlanner()
      continue
    }
    if (message.type === "presence") {
      notePresence(core, host, message.presence)
      continue
    }
    if (message.type === "lever") {
      noteLever(core, host, message.lever)
      continue
    }
    if (message.type === "owner-taken") {
      host.ownerUntaken = Math.max(0, host.ownerUntaken - 1)
      continue
    }
    if (message.type === "network") {
      noteNetwork(core, host, message)
      continue
    }
    const tried = core.table.attempt(message.attempt)
    // Whatever a host says, it can only speak of attempts it was given.
    if (tried === undefined || tried.attempt.hostId !== host.record.id) continue
    if (tried.attempt.sequence !== message.sequence) continue
    applyToAttempt(core, channel, tried, message)
  }
}

type NewsOfHost =
  | "hello"
  | "notice"
  | "leftovers"
  | "left"
  | "sample"
  | "vitals"
  | "disk"
  | "network"
  | "data"
  | "presence"
  | "lever"
  | "owner-taken"
type AttemptMessage = Exclude<AgentMessage, { type: NewsOfHost }>

function applyToAttempt(core: Core, channel: HostChannel, tried: Tried, message: AttemptMessage): void {
  const { attempt } = tried
  switch (message.type) {
    case "need":
      core.ledger.afterCommit(() => void supply(core, channel, tried, message.hashes))
      return
    case "need-data":
      core.ledger.afterCommit(() => void supplyData(core, channel, tried, message))
      return
    case "placing":
      notePlacing(core, tried, message)
      return
    case "need_uv":
      core.ledger.afterCommit(() => void equip(core, channel, tried))
      return
    case "slept":
      noteSleep(core, tried, message)
      return
    case "started":
      markRunning(core, tried)
      return
    case "at-gate":
      noteAtGate(core, tried, message)
      return
    case "suspended":
      markRunning(core, tried)
      noteSuspended(core, tried, message)
      return
    case "suspended-for":
      noteStoppedFor(core, tried, message)
      return
    case "continued":
      markContinued(core, tried, message.suspendedMs)
      return
    case "vacating":
      noteVacating(core, tried, message)
      return
    case "exited":
      recordExit(core, tried, message.exit, { stdout: message.stdoutBytes, stderr: message.stderrBytes })
      return
    case "swept":
      recordSwept(core, tried)
      return
    case "checkpoint":
      recordCheckpoint(core, channel, tried, message)
      return
    case "outputs":
      // Where the job does not say otherwise, this is what the next attempt begins with.
      if (tried.job.spec.checkpoint === null) recordCheckpoint(core, channel, tried, message)
      recordOutputs(core, channel, tried, message)
      return
    case "refused":
      if (message.data !== undefined) notePlaceProblem(core, tried, message.data, message.message)
      recordRefusal(core, tried, message.cause, message.message)
      return
    case "forgotten":
      if (!mayForget(tried)) {
        loseAttempt(core, tried, "supervisor_lost", "its host let go of it unasked")
        return
      }
      attempt.onHost = false
      core.ledger.attemptChanged(attempt)
      core.table.removeAttempt(tried)
      // Where a host is leaving, this is what its cleaning waits for.
      if (core.fleet.get(attempt.hostId)?.record.leaving) core.ledger.jobChanged(tried.job)
      return
  }
}

/** The command runs. Within a change. */
export function markRunning(core: Core, tried: Tried): void {
  const { job, attempt } = tried
  // Members run from when all are let go.
  if (!isCurrent(tried) || attempt.state !== "starting" || attempt.member !== undefined) return
  notePlacesUsed(core, tried)
  attempt.state = "running"
  attempt.startedAt = core.clock.now()
  core.ledger.attemptChanged(attempt)
  recordUse(core, tried)
  transition(core, job, "running")
}

/** What is known of what a host said: a kind that only a later release has is no field of the API. */
function heldOf({ budgetBytes, held }: HostDisk): HostDisk {
  return { budgetBytes, held: Object.fromEntries(HELD_KINDS.map((kind) => [kind, held[kind]])) as HostDisk["held"] }
}

/** How much jobs may hold there now. A job may wait for just that. */
function noteMemoryNow(core: Core, host: FleetHost, { memoryFreeBytes, attempts }: Sample): void {
  const held = attempts.map(({ sequence, memoryBytes }) => {
    const tried = core.table.onHostWith(host.record.id, sequence)
    return { heldBytes: memoryBytes, leaseBytes: tried?.attempt.lease.memoryBytes ?? 0 }
  })
  const before = host.memoryNowBytes
  core.fleet.setMemoryNow(host, memoryNow(host.record.facts, host.total, memoryFreeBytes, held))
  if (host.memoryNowBytes !== before && core.table.waitingCount > 0) core.wakePlanner()
}

type Sample = Extract<AgentMessage, { type: "sample" }>

function noteSample(core: Core, host: FleetHost, sample: Sample): void {
  host.memoryFreeBytes = sample.memoryFreeBytes
  noteMemoryOfSample(host, sample.memoryFreeBytes)
  host.diskFreeBytes = sample.diskFreeBytes
  noteMemoryNow(core, host, sample)
  for (const { sequence, memoryBytes, ...use } of sample.attempts) {
    const tried = core.table.onHostWith(host.record.id, sequence)
    // Stored with the next real change: the exit brings the true peak anyway.
    if (tried?.attempt.state === "running") {
      tried.attempt.peakMemoryBytes = Math.max(tried.attempt.peakMemoryBytes ?? 0, memoryBytes)
      noteActivity(core, tried.attempt, use)
      noteUsage(core, tried.attempt, { memoryBytes, ...use }, sample.at)
    }
  }
}
