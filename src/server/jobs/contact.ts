import type { HostId } from "../../protocol/ids.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { WINDFALL } from "../ledger.ts"
import { HIVE_SILENCE_MS, SILENCE_MARGIN_MS } from "../limits.ts"
import { isCurrent } from "./close-attempt.ts"
import { giveUp } from "./end-attempt.ts"
import { giveUpRest } from "./give-up-rest.ts"
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

/** For how long nothing was heard of a host, as far as this run of the server has seen; 0 where it is there. */
export function silentForMs(core: Core, id: HostId): number {
  const host = core.fleet.get(id)
  const from = host === undefined || host.channel !== null ? undefined : silentFromMs.get(host)
  return from === undefined ? 0 : core.clock.monotonicMs() - from
}

/** When the server may take an attempt of a silent host as ended, milliseconds since 1970; `null`: never. */
function givenUpAt(tried: Tried): number | null {
  const { job, attempt } = tried
  const patience = patienceMs(tried)
  if (attempt.outOfContactSince === null || patience === null) return null
  // Nobody waits for what a hive that has ended would still say.
  if (attempt.state === "finishing" ? job.spec.kind !== "hive" : attempt.state === "ended") return null
  return attempt.outOfContactSince + patience
}

/**
 * For how long the host of an attempt may be silent. A hive that nobody reaches is of no use and costs nothing to lose: the model is to go on
 * elsewhere. Its agent does not count, so that a server may be away for longer.
 */
function patienceMs({ job }: Pick<Tried, "job">): number | null {
  const limit = silenceLimitMs(job)
  return limit === null ? (job.spec.kind === "hive" ? HIVE_SILENCE_MS : null) : limit + SILENCE_MARGIN_MS
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
      const at = Math.max(wallAt, now + (patienceMs(tried) ?? 0) - silentMs)
      if (at > now) next = Math.min(next ?? at, at)
      else if (tried.attempt.state === "finishing") giveUpRest(core, tried, WINDFALL)
      else giveUp(core, tried, "link_lost", `${host.record.name} was silent for too long`)
    }
  }
  return next
}
