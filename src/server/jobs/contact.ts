import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { SILENCE_MARGIN_MS } from "../limits.ts"
import { isCurrent } from "./close-attempt.ts"
import { giveUp } from "./end-attempt.ts"
import type { Tried } from "./job-table.ts"
import { silenceLimitMs } from "./outcome.ts"

/**
 * Since when a host is silent as far as this run of the server has seen, on the clock that only grows. The wall clock may be set, and the
 * database may be an older copy: what they say alone would end an attempt that its agent, which counts by itself, lets go on.
 */
const silentFromMs = new WeakMap<FleetHost, number>()

/** The host was heard of last at `since`: its attempts are out of contact, which is no state of theirs. Within a change. */
export function markOutOfContact(core: Core, host: FleetHost, since: number): void {
  core.watchSilence()
  silentFromMs.set(host, core.clock.monotonicMs())
  for (const tried of core.table.onHost(host.record.id)) {
    const { attempt } = tried
    if (attempt.outOfContactSince !== null || !isCurrent(tried)) continue
    attempt.outOfContactSince = since
    core.ledger.attemptChanged(attempt)
    core.ledger.jobChanged(tried.job)
    core.ledger.event({ type: "attempt_contact", job: attempt.job, attempt: attempt.id, lostSince: since })
  }
}

/** When the server may take an attempt of a silent host as ended, milliseconds since 1970; `null`: never. */
function givenUpAt(tried: Tried): number | null {
  const { job, attempt } = tried
  if (attempt.outOfContactSince === null || silenceLimitMs(job) === null) return null
  if (attempt.state !== "starting" && attempt.state !== "running" && attempt.state !== "suspended") return null
  return attempt.outOfContactSince + patienceMs(tried)
}

/** For how long the host of an attempt may be silent. */
function patienceMs({ job }: Pick<Tried, "job">): number {
  return (silenceLimitMs(job) ?? Number.POSITIVE_INFINITY) + SILENCE_MARGIN_MS
}

/**
 * Gives up attempts whose hosts were silent for too long. By then the agent has ended them itself; one that cannot have
 * (its Mac slept) is fenced. Within a change. Returns when to look again, or `null`.
 */
export function giveUpSilent(core: Core): number | null {
  const now = core.clock.now()
  const steadyMs = core.clock.monotonicMs()
  let next: number | null = null
  for (const host of core.fleet.all()) {
    if (host.channel !== null) continue
    for (const tried of core.table.onHost(host.record.id)) {
      const wallAt = isCurrent(tried) ? givenUpAt(tried) : null
      if (wallAt === null) continue
      const silentMs = steadyMs - (silentFromMs.get(host) ?? steadyMs)
      const at = Math.max(wallAt, now + patienceMs(tried) - silentMs)
      if (at <= now) giveUp(core, tried, "link_lost", `${host.record.name} was silent for too long`)
      else next = Math.min(next ?? at, at)
    }
  }
  return next
}
