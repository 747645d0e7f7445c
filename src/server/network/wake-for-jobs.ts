import { hostsToWake } from "../../scheduler/hosts-to-wake.ts"
import type { Core } from "../core.ts"
import { namesOf } from "../queue/job-names.ts"
import { snapshotOf } from "../queue/snapshot.ts"
import { sendMagicPacket } from "./magic-packet.ts"

/** A Mac that was woken and went to sleep again is woken anew after this long, as long as a job waits. */
const AGAIN_MS = 3 * 60_000

/**
 * Wakes sleeping hosts that waiting jobs could run on, where an administrator wants that, within a change and after its plan.
 * Returns when to look again although nothing changes, or `null`.
 */
export function wakeForJobs(core: Core): number | null {
  // Before anything is made of a long queue.
  if (!core.fleet.all().some(({ link }) => link === "asleep")) return null
  const now = core.clock.now()
  let againAt: number | null = null
  for (const { host: id, job } of hostsToWake(snapshotOf(core), now)) {
    const host = core.fleet.get(id)
    const address = host?.record.network.wakeAddress ?? null
    if (host === undefined || address === null) continue
    const nextAt = host.wokenAt === null ? now : host.wokenAt + AGAIN_MS
    if (nextAt <= now) {
      core.fleet.setWoken(host, now)
      const message = `${host.record.name} sleeps and is woken for job ${namesOf(core)(job)}`
      core.ledger.event({ type: "notice", message, host: id, job })
      core.ledger.afterCommit(() => {
        sendMagicPacket(address, core.limits.wakePort).catch((error: unknown) => {
          core.report(`Cannot send what wakes ${host.record.name}`, error)
        })
        core.fleet.onWoken(id)
      })
    }
    againAt = Math.min(againAt ?? Number.POSITIVE_INFINITY, Math.max(nextAt, now) === now ? now + AGAIN_MS : nextAt)
  }
  return againAt
}
