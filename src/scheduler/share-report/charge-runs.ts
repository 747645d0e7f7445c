import type { Policy } from "../policy/policy.ts"
import { billableUnits } from "../share/billing.ts"
import { decayOver, decayPerSecond } from "../share/decay.ts"
import { advanceUsage, type ChargedAttempt, noUsage, type Usage } from "../share/usage.ts"
import type { DescribedNode, DescribedRun } from "./described-node.ts"
import type { Decay } from "./share-description.ts"

/** How the usage of a tree came about. */
export interface UsageReport {
  /** What one second leaves. */
  readonly perSecond: number
  readonly perPeriod: number
  readonly perHalfLife: number
  /** The last whole period that is charged; `null` when nothing was to be charged or to fade. */
  readonly throughMs: number | null
  readonly users: readonly UserUsage[]
}

export interface UserUsage {
  readonly path: readonly string[]
  /** As the number that was given, before it faded. */
  readonly given: number
  readonly runs: readonly {
    readonly fromMs: number
    readonly toMs: number | null
    readonly units: number
    readonly usageFactor: number
  }[]
  /** Faded, for what others were charged on their Macs: taken off what they used themselves. */
  readonly donated: number
  /** Faded, all together, what is donated taken off down to nothing. */
  readonly usage: number
}

/** More periods than that are refused: some 30 years of five minutes. */
export const MOST_PERIODS = 3_000_000

/**
 * Charges what ran, and lets it fade.
 * @throws {RangeError} when there are more than {@link MOST_PERIODS} to go through, or runs name an unknown QOS or partition
 */
export function chargeRuns(
  tree: readonly DescribedNode[],
  { policy, decay, nowMs }: { readonly policy: Policy; readonly decay: Decay; readonly nowMs: number | null },
): UsageReport {
  const users = usersOf(tree, [])
  const perSecond = decayPerSecond(decay.halfLifeMs / 1000)
  const attempts = users.flatMap(({ path, node }) =>
    node.runs.flatMap((run, at) => withCredit(attemptOf(path, run, at, policy), path, run, users, policy)),
  )
  const given = new Map(
    users.flatMap(({ path, node }) => [
      [keyOf(path), node.usage ?? 0] as const,
      [donatedKey(path), node.donated ?? 0] as const,
    ]),
  )
  const charged = charge(attempts, given, decay, nowMs)
  return {
    perSecond,
    perPeriod: decayOver(perSecond, decay.periodMs / 1000),
    perHalfLife: decayOver(perSecond, decay.halfLifeMs / 1000),
    throughMs: charged?.throughMs ?? null,
    users: users.map(({ path, node }) => {
      const key = keyOf(path)
      const isFading = charged !== null && decay.usageAtMs !== null
      const faded = (ofShare: string, before: number | null) =>
        (isFading ? 0 : (before ?? 0)) + (charged?.byShare.get(ofShare) ?? 0)
      const donated = faded(donatedKey(path), node.donated)
      return {
        path,
        given: node.usage ?? 0,
        runs: attempts
          .filter(({ share }) => share === key)
          .map(({ runs, endedMs, billableUnits: units, usageFactor }) => ({
            fromMs: runs[0]!.fromMs,
            toMs: endedMs,
            units,
            usageFactor,
          })),
        donated,
        usage: Math.max(0, faded(key, node.usage) - donated),
      }
    }),
  }
}

function charge(
  attempts: readonly ChargedAttempt[],
  given: ReadonlyMap<string, number>,
  { halfLifeMs, periodMs, startMs, reset, timeZone, usageAtMs }: Decay,
  saidNowMs: number | null,
): Usage | null {
  const moments = attempts.flatMap(({ runs, endedMs }) => [runs[0]!.fromMs, endedMs ?? runs[0]!.fromMs])
  const nowMs = saidNowMs ?? moments.reduce((last, ms) => Math.max(last, ms), usageAtMs ?? Number.NEGATIVE_INFINITY)
  const firstMs =
    usageAtMs ?? attempts.reduce((first, { runs }) => Math.min(first, runs[0]!.fromMs), Number.POSITIVE_INFINITY)
  if (!Number.isFinite(firstMs) || !Number.isFinite(nowMs)) return null
  if ((nowMs - firstMs) / periodMs > MOST_PERIODS) {
    throw new RangeError(
      `there are more than ${MOST_PERIODS} periods between the first moment and now: choose a longer decay.period`,
    )
  }
  // Periods are whole multiples of their length; whoever says where one begins has all times moved by what that is off.
  const shiftMs = startMs - Math.floor(startMs / periodMs) * periodMs
  const moved = attempts.map((attempt) => ({
    ...attempt,
    runs: attempt.runs.map(({ fromMs, toMs }) => ({
      fromMs: fromMs - shiftMs,
      toMs: toMs === null ? null : toMs - shiftMs,
    })),
    endedMs: attempt.endedMs === null ? null : attempt.endedMs - shiftMs,
  }))
  const policy = { halfLifeS: halfLifeMs / 1000, periodMs, reset, timeZone }
  const before = {
    ...noUsage(firstMs - shiftMs, policy),
    byShare: usageAtMs === null ? new Map<string, number>() : given,
  }
  const { throughMs, byShare } = advanceUsage(before, moved, nowMs - shiftMs, policy)
  return { throughMs: throughMs + shiftMs, byShare }
}

function attemptOf(path: readonly string[], run: DescribedRun, at: number, policy: Policy): ChargedAttempt {
  const qos = run.qos === null ? null : policy.qos.find(({ name }) => name === run.qos)
  if (qos === undefined)
    throw new RangeError(`a run of ${path.join("/")} names the QOS ${run.qos}, which policy does not describe`)
  const partition = run.partition === null ? null : policy.partitions.find(({ name }) => name === run.partition)
  if (partition === undefined)
    throw new RangeError(
      `a run of ${path.join("/")} names the partition ${run.partition}, which policy does not describe`,
    )
  const weights = partition?.billingWeights ?? policy.billing.weights
  const breaks = run.suspended.map(({ fromMs, toMs }) => [fromMs, toMs] as const)
  const starts = [run.fromMs, ...breaks.map(([, toMs]) => toMs)]
  const ends = [...breaks.map(([fromMs]) => fromMs), run.toMs]
  return {
    id: `${keyOf(path)} ${String(at).padStart(6, "0")}`,
    share: keyOf(path),
    billableUnits: run.units ?? billableUnits(run.resources, weights, policy.billing.rule),
    usageFactor: run.usageFactor ?? qos?.usageFactor ?? 1,
    runs: starts.map((fromMs, i) => ({ fromMs, toMs: ends[i] ?? null })),
    endedMs: run.toMs,
  }
}

/** With what its host's owner is given for it, by policy. What owners run on their own Macs is charged to nobody where policy says so. */
function withCredit(
  attempt: ChargedAttempt,
  path: readonly string[],
  { owner }: DescribedRun,
  users: readonly { readonly path: readonly string[] }[],
  { owners }: Policy,
): ChargedAttempt[] {
  if (owner === null) return [attempt]
  const named = users.filter((one) => one.path.join("/") === owner || one.path.at(-1) === owner)
  const [lender] = named
  if (lender === undefined || named.length > 1) {
    const why = lender === undefined ? "who is no user of the tree" : "a name that several have: write its path"
    throw new RangeError(`a run of ${path.join("/")} names the owner ${owner}, ${why}`)
  }
  if (lender.path.at(-1) === path.at(-1)) return [owners.uncharged ? { ...attempt, usageFactor: 0 } : attempt]
  const credit = attempt.billableUnits * owners.donated
  if (credit === 0) return [attempt]
  return [attempt, { ...attempt, id: `${attempt.id} donated`, share: donatedKey(lender.path), billableUnits: credit }]
}

function usersOf(
  nodes: readonly DescribedNode[],
  above: readonly string[],
): { path: readonly string[]; node: DescribedNode }[] {
  return nodes.flatMap((node) => {
    const path = [...above, node.name]
    return node.kind === "user" ? [{ path, node }] : usersOf(node.children, path)
  })
}

function donatedKey(path: readonly string[]): string {
  return `donated ${keyOf(path)}`
}

/** An account and a user beside it may have one name; only users are charged. */
export function keyOf(path: readonly string[]): string {
  return JSON.stringify(path)
}
