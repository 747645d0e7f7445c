import { chargeOf, decayOver, decayPerSecond } from "./decay.ts"
import { nextUsageReset, type ResetPeriod } from "./usage-reset.ts"

/** One attempt as the record has it: what is charged, to whom, and when it ran. */
export interface ChargedAttempt {
  /** Unique, and the order in which charges are added up. */
  readonly id: string
  /** The user's share, by its path in the tree. */
  readonly share: string
  readonly billableUnits: number
  /** Of its QOS; 1 unless policy says otherwise. */
  readonly usageFactor: number
  /** When it ran, in order, by the wall clock; suspended time lies between. `toMs` is `null` while it runs. */
  readonly runs: readonly { readonly fromMs: number; readonly toMs: number | null }[]
  /** `null` while it runs or is suspended. */
  readonly endedMs: number | null
}

export interface UsagePolicy {
  /** 0: usage does not fade. */
  readonly halfLifeS: number
  /** Usage is charged and fades at whole multiples of it since 1970. */
  readonly periodMs: number
  readonly reset: ResetPeriod
  /** Whose midnight a reset is at. */
  readonly timeZone: string
}

/** What users have used, faded, in billable units times seconds. */
export interface Usage {
  /** All that ran until then is in it, and nothing after. A whole multiple of the period. */
  readonly throughMs: number
  readonly byShare: ReadonlyMap<string, number>
}

/**
 * Charges all that ran between `usage.throughMs` and the last whole period before `toMs`, period by period. As it only looks at
 * recorded times and at whole periods, the sums are the same however often and whenever it is called: after a crash, from the
 * first event on, or at once. A clock that was put back charges nothing twice: a `toMs` before `throughMs` changes nothing.
 *
 * Each period as Slurm's decay thread does it: what ended within it was charged at its end and fades with the rest; then what still runs
 * is charged. Attempts that ended before `throughMs` may be left out.
 */
export function advanceUsage(
  usage: Usage,
  attempts: readonly ChargedAttempt[],
  toMs: number,
  policy: UsagePolicy,
): Usage {
  const perSecond = decayPerSecond(policy.halfLifeS)
  const left = decayOver(perSecond, policy.periodMs / 1000)
  const coming = attempts.filter(({ runs }) => runs.length > 0).sort((a, b) => b.runs[0]!.fromMs - a.runs[0]!.fromMs)
  let active: ChargedAttempt[] = []
  const byShare = new Map(usage.byShare)
  let throughMs = usage.throughMs
  let resetMs = nextUsageReset(policy.reset, throughMs, policy.timeZone)
  for (let tickMs = throughMs + policy.periodMs; tickMs <= toMs; tickMs += policy.periodMs) {
    active = active.filter(({ endedMs }) => endedMs === null || endedMs > throughMs)
    const before = active.length
    while (coming.length > 0 && coming.at(-1)!.runs[0]!.fromMs < tickMs) active.push(coming.pop()!)
    if (active.length > before) active.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    for (const attempt of active)
      if (endedBefore(attempt, tickMs)) charge(byShare, attempt, throughMs, tickMs, perSecond)
    if (resetMs !== null && tickMs >= resetMs) {
      byShare.clear()
      resetMs = nextUsageReset(policy.reset, tickMs, policy.timeZone)
    }
    for (const [share, used] of byShare) byShare.set(share, used * left)
    for (const attempt of active)
      if (!endedBefore(attempt, tickMs)) charge(byShare, attempt, throughMs, tickMs, perSecond)
    throughMs = tickMs
  }
  return { throughMs, byShare }
}

/** The empty book at the last whole period before a pool's first event. */
export function noUsage(beforeMs: number, { periodMs }: Pick<UsagePolicy, "periodMs">): Usage {
  return { throughMs: Math.floor(beforeMs / periodMs) * periodMs, byShare: new Map() }
}

/** What ended at the very end of a period is charged like what runs on. */
function endedBefore({ endedMs }: ChargedAttempt, tickMs: number): boolean {
  return endedMs !== null && endedMs < tickMs
}

function charge(
  byShare: Map<string, number>,
  attempt: ChargedAttempt,
  fromMs: number,
  toMs: number,
  perSecond: number,
): void {
  const ranMs = attempt.runs.reduce(
    (sum, run) => sum + Math.max(0, Math.min(run.toMs ?? toMs, toMs) - Math.max(run.fromMs, fromMs)),
    0,
  )
  if (ranMs === 0) return
  const charged = chargeOf(ranMs / 1000, attempt.billableUnits, attempt.usageFactor, perSecond)
  byShare.set(attempt.share, (byShare.get(attempt.share) ?? 0) + charged)
}
