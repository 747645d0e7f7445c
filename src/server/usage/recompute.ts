import { setImmediate } from "node:timers/promises"
import type { UsageCheckView, UsageDifference } from "../../protocol/usage-api.ts"
import { readAmountKey, readLeaf } from "../../scheduler/share/usage-periods.ts"
import type { UsageInterval, UsageStore } from "../../store/usage.ts"
import type { Core } from "../core.ts"
import { type ChargesStore, UsageBook } from "./usage-book.ts"

const PAGE = 2_000
/** Reckoned at a time; between, others have their turn. */
const STEP_MS = 86_400_000
/** Sums of doubles hang on their order, a little. */
const TOLERANCE = 1e-9
/** A period may end while it is reckoned: then it is done again. */
const TRIES = 3
const MOST_DIFFERENCES = 100

/** What it is reckoned from, and compared with. */
interface Recorded {
  readonly usage: Pick<UsageBook, "sums" | "throughMs">
  readonly store: { readonly usage: Pick<UsageStore, "page" | "rules"> }
}

/**
 * Reckons all usage anew, from the first recorded interval on and from nothing else, and compares it with the sums that hold. Nothing is changed.
 * @throws the signal's reason
 */
export async function recomputeUsage(core: Recorded, signal: AbortSignal): Promise<UsageCheckView> {
  let view = await recomputeOnce(core, signal)
  for (let tries = 1; view === null && tries < TRIES; tries++) view = await recomputeOnce(core, signal)
  return view ?? { through: core.usage.throughMs, intervals: 0, amounts: 0, settled: false, differences: [], more: 0 }
}

/** Lets go of all that was charged: the change that this is in charges it anew from the intervals. */
export function chargeAnew(core: Core): void {
  core.usage.changedFrom(Number.MIN_SAFE_INTEGER)
}

/** `null`: usage was charged meanwhile. */
async function recomputeOnce(core: Recorded, signal: AbortSignal): Promise<UsageCheckView | null> {
  const { sums, throughMs } = core.usage
  const intervals = await allIntervals(core, signal)
  const rules = core.store.usage.rules()
  const last = rules.at(-1)
  const anew = new UsageBook(storeOf(intervals, rules), throughMs)
  for (let atMs = Math.min(anew.throughMs + STEP_MS, throughMs); last !== undefined; ) {
    anew.settle(atMs, last.rules)
    if (atMs >= throughMs) break
    atMs = Math.min(atMs + STEP_MS, throughMs)
    await setImmediate()
    signal.throwIfAborted()
  }
  if (core.usage.sums !== sums) return null
  const keys = [...new Set([...sums.keys(), ...anew.sums.keys()])].sort()
  const differences = keys.flatMap((key) => differenceOf(key, sums.get(key) ?? 0, anew.sums.get(key) ?? 0))
  return {
    through: throughMs,
    intervals: intervals.length,
    amounts: keys.length,
    settled: true,
    differences: differences.slice(0, MOST_DIFFERENCES),
    more: Math.max(0, differences.length - MOST_DIFFERENCES),
  }
}

async function allIntervals(core: Recorded, signal: AbortSignal): Promise<UsageInterval[]> {
  const all: UsageInterval[] = []
  for (let after = ""; ; ) {
    const page = core.store.usage.page(Number.MIN_SAFE_INTEGER, after, PAGE)
    all.push(...page)
    if (page.length < PAGE) return all
    after = page.at(-1)!.attempt
    await setImmediate()
    signal.throwIfAborted()
  }
}

/** A store that has the intervals and nothing that was ever charged. */
function storeOf(intervals: readonly UsageInterval[], rules: ReturnType<ChargesStore["rules"]>): ChargesStore {
  return {
    rules: () => rules,
    setRules: () => {},
    recentCharges: () => [],
    addCharge: () => {},
    forgetChargesAfter: () => {},
    firstMs: () => intervals.reduce<number | null>((first, { fromMs }) => Math.min(first ?? fromMs, fromMs), null),
    between: (fromMs, toMs) => intervals.filter((one) => one.fromMs < toMs && (one.toMs === null || one.toMs > fromMs)),
  }
}

function differenceOf(key: string, recorded: number, recomputed: number): UsageDifference[] {
  const most = Math.max(Math.abs(recorded), Math.abs(recomputed))
  if (Math.abs(recorded - recomputed) <= TOLERANCE * Math.max(1, most)) return []
  const { leaf, name } = readAmountKey(key)
  return [{ ...readLeaf(leaf), amount: name, recorded, recomputed }]
}
