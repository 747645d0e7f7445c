import { advanceUsage, type ChargedAttempt, type Usage, type UsagePolicy } from "./usage.ts"

/** What one user of an account used under one QOS: the smallest part of which a sum is kept. */
export interface Leaf {
  readonly account: string
  readonly user: string
  /** "" for what an owner is credited with. */
  readonly qos: string
}

/** One attempt's part of what is charged to a leaf: so much of each, by name, for every second that it ran. */
export interface LeafCharge {
  readonly leaf: Leaf
  readonly perSecond: Readonly<Record<string, number>>
}

export interface ChargedInterval extends Omit<ChargedAttempt, "share" | "billableUnits"> {
  readonly charges: readonly LeafCharge[]
}

/** When the period ends that `throughMs` is in, or at whose beginning it is: a whole multiple of its length since 1970. */
export function periodEndAfter(throughMs: number, periodMs: number): number {
  return (Math.floor(throughMs / periodMs) + 1) * periodMs
}

/**
 * Charges one period: the sums at its end, and what of them this period added. Arithmetic and order are {@link advanceUsage}'s, so that it
 * is the same whether periods are charged as they end or all of them later. The first period after a change of its length may be shorter.
 * @param usage by {@link amountKey}
 */
export function chargePeriod(
  usage: Usage,
  intervals: readonly ChargedInterval[],
  policy: UsagePolicy,
): { readonly usage: Usage; readonly added: ReadonlyMap<string, number> } {
  const { throughMs } = usage
  const endMs = periodEndAfter(throughMs, policy.periodMs)
  const rules = { ...policy, periodMs: endMs - throughMs }
  const attempts = intervals.flatMap(partsOf)
  const nothing = { throughMs, byShare: new Map<string, number>() }
  return {
    usage: advanceUsage(usage, attempts, endMs, rules),
    added: attempts.length === 0 ? nothing.byShare : advanceUsage(nothing, attempts, endMs, rules).byShare,
  }
}

/** A name of a sum: of one amount of one leaf. */
export function amountKey({ account, user, qos }: Leaf, name: string): string {
  return `${account}/${user}/${qos}\t${name}`
}

export function readAmountKey(key: string): { readonly leaf: string; readonly name: string } {
  const [leaf = "", name = ""] = key.split("\t")
  return { leaf, name }
}

export function leafText({ account, user, qos }: Leaf): string {
  return `${account}/${user}/${qos}`
}

export function readLeaf(text: string): Leaf {
  const [account = "", user = "", qos = ""] = text.split("/")
  return { account, user, qos }
}

/** When something ran that began, ended (`null`: not yet) and was stopped at these moments. Stops may reach beyond, and touch each other. */
export function runsBetween(
  fromMs: number,
  toMs: number | null,
  stops: readonly (readonly [fromMs: number, toMs: number | null])[],
): ChargedAttempt["runs"] {
  const runs: { fromMs: number; toMs: number | null }[] = []
  let beginMs = fromMs
  for (const [stopMs, goMs] of stops) {
    if (toMs !== null && stopMs >= toMs) break
    if (stopMs > beginMs) runs.push({ fromMs: beginMs, toMs: stopMs })
    if (goMs === null) return runs
    beginMs = Math.max(beginMs, goMs)
  }
  if (toMs === null || toMs > beginMs) runs.push({ fromMs: beginMs, toMs })
  return runs
}

function partsOf({ charges, ...attempt }: ChargedInterval): ChargedAttempt[] {
  return charges.flatMap(({ leaf, perSecond }) =>
    Object.entries(perSecond).map(([name, billableUnits]) => ({
      ...attempt,
      share: amountKey(leaf, name),
      billableUnits,
    })),
  )
}
