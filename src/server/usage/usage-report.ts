import { setImmediate } from "node:timers/promises"
import type { UsageGroup, UsageRowView, UsageView } from "../../protocol/usage-api.ts"
import { runsBetween } from "../../scheduler/share/usage-periods.ts"
import type { UsageInterval } from "../../store/usage.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { accountOf } from "./charge-terms.ts"
import { heldBy } from "./interval-charges.ts"

const PAGE = 2_000

type Row = { -readonly [Key in keyof UsageRowView]: UsageRowView[Key] }

/** What ran between `sinceMs` and now, from the recorded intervals; read page by page, between which others have their turn. */
export async function usageReport(
  core: Core,
  { by, sinceMs, signal }: { readonly by: UsageGroup; readonly sinceMs: number; readonly signal: AbortSignal },
): Promise<UsageView> {
  const untilMs = Math.max(core.clock.now(), sinceMs)
  const report = new Report(by, sinceMs, untilMs, (owner) => accountOf(currentPolicy(core), owner))
  for (let after = ""; ; ) {
    const page = core.store.usage.page(sinceMs, after, PAGE)
    for (const interval of page) report.add(interval)
    if (page.length < PAGE) break
    after = page.at(-1)!.attempt
    await setImmediate()
    signal.throwIfAborted()
  }
  return { by, since: sinceMs, until: untilMs, rows: report.rows() }
}

class Report {
  readonly #by: UsageGroup
  readonly #sinceMs: number
  readonly #untilMs: number
  readonly #accountOf: (owner: string) => string
  readonly #rows = new Map<string | null, { readonly row: Row; readonly jobs: Set<number> }>()

  constructor(by: UsageGroup, sinceMs: number, untilMs: number, account: (owner: string) => string) {
    this.#by = by
    this.#sinceMs = sinceMs
    this.#untilMs = untilMs
    this.#accountOf = account
  }

  add(interval: UsageInterval): void {
    const { fromMs, toMs, owner, user, units, factor, credit } = interval
    // One whose end the clock has not reached again, as it was set back, ran in full.
    const untilMs = Math.max(this.#untilMs, toMs ?? 0)
    const beginMs = Math.max(fromMs, this.#sinceMs)
    const endMs = toMs ?? untilMs
    if (endMs <= beginMs && !(endMs === beginMs && fromMs === beginMs)) return
    const ranS =
      runsBetween(fromMs, toMs, interval.stops).reduce(
        (ms, run) => ms + Math.max(0, (run.toMs ?? untilMs) - Math.max(run.fromMs, beginMs)),
        0,
      ) / 1000
    const { cpu, gpu, memory } = heldBy(interval)
    const { row, jobs } = this.#rowOf(nameOf(this.#by, interval))
    jobs.add(interval.job)
    row.attempts++
    row.ranS += ranS
    row.gpuS += ranS * gpu
    row.coreS += ranS * cpu
    row.memoryGibS += ranS * memory
    row.chargedS += ranS * units * factor
    row.stoppedS += Math.max(0, (endMs - beginMs) / 1000 - ranS)
    if (owner === user) row.ownS += ranS
    if (owner === null || owner === user) return
    const lent = this.#rowOf(this.#lenderOf(interval, owner)).row
    lent.lentS += ranS
    lent.donatedS += ranS * units * factor * credit
  }

  rows(): UsageRowView[] {
    return [...this.#rows.values()]
      .map(({ row, jobs }) => ({ ...row, jobs: jobs.size }))
      .sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1))
  }

  #lenderOf(interval: UsageInterval, owner: string): string | null {
    if (this.#by === "user") return owner
    return this.#by === "account" ? (interval.creditAccount ?? this.#accountOf(owner)) : nameOf(this.#by, interval)
  }

  #rowOf(name: string | null) {
    const known = this.#rows.get(name)
    if (known !== undefined) return known
    const made = { row: { ...EMPTY, name }, jobs: new Set<number>() }
    this.#rows.set(name, made)
    return made
  }
}

function nameOf(by: UsageGroup, { user, account, hostName, model }: UsageInterval): string | null {
  return { user, account, host: hostName, model }[by]
}

const EMPTY: UsageRowView = {
  name: null,
  jobs: 0,
  attempts: 0,
  ranS: 0,
  gpuS: 0,
  coreS: 0,
  memoryGibS: 0,
  chargedS: 0,
  stoppedS: 0,
  ownS: 0,
  lentS: 0,
  donatedS: 0,
}
