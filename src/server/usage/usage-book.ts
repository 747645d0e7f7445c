import type { Usage, UsagePolicy } from "../../scheduler/share/usage.ts"
import {
  amountKey,
  type ChargedInterval,
  chargePeriod,
  periodEndAfter,
  readAmountKey,
  readLeaf,
} from "../../scheduler/share/usage-periods.ts"
import type { UsageCharge, UsageRules, UsageStore } from "../../store/usage.ts"
import { chargedInterval } from "./interval-charges.ts"

const DAY_MS = 86_400_000
const NONE: ReadonlyMap<string, number> = new Map()

/** What a book goes by. */
export type ChargesStore = Pick<
  UsageStore,
  "rules" | "setRules" | "recentCharges" | "addCharge" | "forgetChargesAfter" | "firstMs" | "between"
>

/**
 * What was used, faded: charged from the recorded intervals by whole periods, each once. At any moment the sums are what the intervals and
 * the rules say, and nothing else: the rows of charges are what was reckoned already, and when an interval changes for a time that is
 * charged (its end was learned late) or the clock was set back, the rows after that are let go and reckoned anew.
 */
export class UsageBook {
  readonly #store: ChargesStore
  #usage: Usage = { throughMs: 0, byShare: NONE }
  #rules: readonly UsageRules[] = []
  /** From when on what was charged is no longer right. */
  #wrongFromMs: number | null = null
  /** A book that begins does not know whether the policy is still the one it went by. */
  #looksAtRules = true

  /** @param nowMs where a pool begins that has used nothing */
  constructor(store: ChargesStore, nowMs: number) {
    this.#store = store
    this.reload(nowMs)
  }

  /** All that ran until then is charged. */
  get throughMs(): number {
    return this.#usage.throughMs
  }

  /** Sums by {@link amountKey}: amounts times seconds. */
  get sums(): ReadonlyMap<string, number> {
    return this.#usage.byShare
  }

  /** When there is something to charge again. */
  get nextMs(): number {
    return periodEndAfter(this.throughMs, this.#rulesAt(this.throughMs)?.periodMs ?? DAY_MS)
  }

  /** What is recorded of this moment, or of later ones, has changed. */
  changedFrom(ms: number): void {
    if (ms < this.throughMs) this.#wrongFromMs = Math.min(this.#wrongFromMs ?? ms, ms)
  }

  /** Another policy holds: its rules are to be looked at. */
  policyChanged(): void {
    this.#looksAtRules = true
  }

  isDue(nowMs: number): boolean {
    return (
      this.#looksAtRules ||
      this.#wrongFromMs !== null ||
      this.#rules.length === 0 ||
      nowMs >= this.nextMs ||
      nowMs < this.throughMs
    )
  }

  /**
   * Charges all periods that have ended. Within a transaction.
   * @param rules those of the policy that holds; new ones hold from the first period on that is not charged yet
   */
  settle(nowMs: number, rules: UsagePolicy): void {
    if (this.#rules.length === 0) this.#setRules({ sinceMs: 0, rules })
    const isSetBack = nowMs < this.throughMs
    if (isSetBack) this.changedFrom(nowMs)
    if (this.#wrongFromMs !== null) {
      this.#store.forgetChargesAfter(this.#wrongFromMs)
      this.reload(nowMs)
    }
    if (isSetBack) this.#keepRulesThatHold(nowMs)
    this.#charge(nowMs)
    this.#looksAtRules = false
    const last = this.#rules.at(-1)
    if (last !== undefined && isSame(last.rules, rules)) return
    this.#setRules({ sinceMs: this.throughMs, rules })
    // Their periods may be shorter: then one has ended already.
    this.#charge(nowMs)
  }

  /** Makes everything anew from the database. */
  reload(nowMs: number): void {
    this.#wrongFromMs = null
    this.#rules = this.#store.rules()
    const charges = this.#store.recentCharges()
    const beginMs = charges[0]?.throughMs ?? this.#store.firstMs() ?? nowMs
    const { periodMs } = this.#rulesAt(beginMs) ?? { periodMs: 1 }
    this.#usage = { throughMs: Math.floor(beginMs / periodMs) * periodMs, byShare: NONE }
    if (charges.length > 0) this.#usage = { throughMs: beginMs, byShare: NONE }
    for (const charge of charges) {
      while (this.throughMs < charge.throughMs) this.#usage = chargePeriod(this.#usage, [], this.#rulesNow()).usage
      const byShare = this.#usage.byShare as Map<string, number>
      this.#usage = { throughMs: this.throughMs, byShare: withSums(byShare, charge) }
    }
  }

  #charge(nowMs: number): void {
    if (this.nextMs > nowMs) return
    const coming = this.#store
      .between(this.throughMs, nowMs)
      .map(chargedInterval)
      .filter(({ runs, charges }) => runs.length > 0 && charges.length > 0)
      .sort((a, b) => b.runs[0]!.fromMs - a.runs[0]!.fromMs)
    let active: ChargedInterval[] = []
    for (let endMs = this.nextMs; endMs <= nowMs; endMs = this.nextMs) {
      const beginMs = this.throughMs
      active = active.filter(({ endedMs }) => endedMs === null || endedMs > beginMs)
      while (coming.length > 0 && coming.at(-1)!.runs[0]!.fromMs < endMs) active.push(coming.pop()!)
      const { usage, added } = chargePeriod(this.#usage, active, this.#rulesNow())
      this.#usage = usage
      const isWhole = Math.floor(endMs / DAY_MS) > Math.floor(beginMs / DAY_MS)
      for (const charge of chargesOf(usage, added, isWhole)) this.#store.addCharge(charge)
    }
  }

  /** Rules that were to hold from a moment on which the clock had wrongly reached hold from now on. */
  #keepRulesThatHold(nowMs: number): void {
    const last = this.#rules.at(-1)
    if (last !== undefined && last.sinceMs > nowMs) this.#setRules({ sinceMs: this.throughMs, rules: last.rules })
  }

  #setRules(rules: UsageRules): void {
    this.#store.setRules(rules)
    this.#rules = this.#store.rules()
    // A book that nothing is in begins with a period.
    if (this.sums.size === 0 && rules.sinceMs === 0) this.reload(this.throughMs)
  }

  #rulesNow(): UsagePolicy {
    return this.#rulesAt(this.throughMs)!
  }

  #rulesAt(ms: number): UsagePolicy | undefined {
    return (this.#rules.findLast(({ sinceMs }) => sinceMs <= ms) ?? this.#rules[0])?.rules
  }
}

function withSums(byShare: ReadonlyMap<string, number>, { leaf, sum }: UsageCharge): Map<string, number> {
  const next = new Map(byShare)
  for (const [name, amount] of Object.entries(sum)) next.set(amountKey(readLeaf(leaf), name), amount)
  return next
}

/** A row for each leaf to which the period added something, and now and then for all. */
function chargesOf({ throughMs, byShare }: Usage, added: ReadonlyMap<string, number>, whole: boolean): UsageCharge[] {
  const rows = new Map<string, { charged: Record<string, number>; sum: Record<string, number> }>()
  const touched = new Set([...added.keys()].map((key) => readAmountKey(key).leaf))
  for (const [key, sum] of byShare) {
    const { leaf, name } = readAmountKey(key)
    if (!whole && !touched.has(leaf)) continue
    const row = rows.get(leaf) ?? { charged: {}, sum: {} }
    rows.set(leaf, row)
    row.sum[name] = sum
    const charged = added.get(key)
    if (charged !== undefined) row.charged[name] = charged
  }
  return [...rows].map(([leaf, row]): UsageCharge => ({ throughMs, leaf, whole, ...row }))
}

function isSame(a: UsagePolicy, b: UsagePolicy): boolean {
  const { halfLifeS, periodMs, reset, timeZone } = a
  return halfLifeS === b.halfLifeS && periodMs === b.periodMs && reset === b.reset && timeZone === b.timeZone
}
