import { type ChargedInterval, type LeafCharge, runsBetween } from "../../scheduler/share/usage-periods.ts"
import type { UsageInterval } from "../../store/usage.ts"

const GIB = 1024 ** 3

/** What is charged for an interval, and to whom: its user, and as a credit the owner of the Mac. All of it follows from the record. */
export function chargedInterval(interval: UsageInterval): ChargedInterval {
  const { fromMs, toMs, stops } = interval
  return {
    id: interval.attempt,
    runs: runsBetween(fromMs, toMs, stops),
    endedMs: toMs,
    usageFactor: interval.factor,
    charges: chargesOf(interval),
  }
}

function chargesOf(interval: UsageInterval): readonly LeafCharge[] {
  const { account, user, qos, factor, units, owner, creditAccount, credit } = interval
  if (factor === 0) return []
  const charges: LeafCharge[] = [{ leaf: { account, user, qos }, perSecond: { units, ...heldBy(interval), wall: 1 } }]
  if (owner !== null && creditAccount !== null && credit > 0) {
    charges.push({ leaf: { account: creditAccount, user: owner, qos: "" }, perSecond: { donated: units * credit } })
  }
  return charges
}

/** Cores as `cpu`, `gpu`, `memory` in GiB: as policy counts them. */
export function heldBy({ lease }: Pick<UsageInterval, "lease">): {
  readonly cpu: number
  readonly gpu: number
  readonly memory: number
} {
  return { cpu: lease.cores, gpu: lease.gpus, memory: lease.memoryBytes / GIB }
}
