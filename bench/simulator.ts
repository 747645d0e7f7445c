import { FifoStrategy } from "../test/support/simulation/fifo-strategy.ts"
import { generateLab } from "../test/support/simulation/generate-lab.ts"
import { generateWork } from "../test/support/simulation/generate-work.ts"
import { HOUR_MS } from "../test/support/simulation/lab.ts"
import { slurmLikePolicy, windfallPolicy } from "../test/support/simulation/lab-policies.ts"
import type { LabReport, Waits } from "../test/support/simulation/lab-report.ts"
import { learnedView } from "../test/support/simulation/learned-view.ts"
import { QueueStrategy } from "../test/support/simulation/queue-strategy.ts"
import { LAB_FROM_MS, MONTH_MS, simulateLab } from "../test/support/simulation/simulate-lab.ts"
import type { Strategy } from "../test/support/simulation/simulation.ts"
import type { Benchmark } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const SEED = 1
const LOAD = 1.1
const MOST_MS = 60_000

let table = ""

export const simulatorBench: Benchmark = {
  name: "simulator",
  about:
    "Four weeks of a lab, by a clock of their own: 60 people in five groups with shares of 30, 25, 20, 15 and 10, the two last sending more than theirs; 6 Macs in a room, 8 on desks whose owners come and go, 6 that are also carried home. Interactive jobs, trainings of hours, sweeps of 4 to 40 tasks, work for CPUs only; half of them without a time limit, the others with up to four times what they need. Owners' Macs: 15 min idle until a job starts, stopped at their return, vacated after 5 min. FIFO: in order of submission, nobody delayed by who came later. Slurm-like: age and fair share with backfill, an evicted job starts anew in the queue. Windfall: the same weights, a lane for two short jobs of each user, owners first on their Macs, and hosts whose owner is expected within 3 h last, as learned from the four weeks before. All three by the planner's own functions.",
  async run({ note }): Promise<readonly Figure[]> {
    const sinceMs = LAB_FROM_MS - MONTH_MS
    const toMs = LAB_FROM_MS + MONTH_MS
    const lab = generateLab(SEED, sinceMs, toMs)
    const work = generateWork(SEED, lab, LAB_FROM_MS, toMs, { load: LOAD })
    const strategies: readonly Strategy[] = [
      new FifoStrategy(),
      new QueueStrategy("Slurm-like", slurmLikePolicy(lab), LAB_FROM_MS),
      new QueueStrategy("Windfall", windfallPolicy(lab), LAB_FROM_MS, learnedView(lab, sinceMs)),
    ]
    const reports: LabReport[] = []
    const figures = strategies.map((strategy): Figure => {
      note(strategy.name)
      const startedMs = performance.now()
      reports.push(simulateLab(lab, work, strategy, toMs))
      const values = [performance.now() - startedMs]
      return { what: `a month, ${strategy.name}`, unit: "ms", values, bounds: [{ of: "median", most: MOST_MS }] }
    })
    table = renderReports(
      strategies.map(({ name }) => name),
      reports,
    )
    return figures
  },
  more: () => table,
}

function renderReports(names: readonly string[], reports: readonly LabReport[]): string {
  const rows: (readonly [what: string, of: (report: LabReport) => string])[] = [
    ["tasks done, of all that were sent", ({ doneTasks, tasks }) => `${doneTasks} of ${tasks}`],
    ["GPU time while nobody sits at the Mac: used", ({ usedPart }) => percent(usedPart)],
    ["... lost, as jobs had to leave", ({ lostPart, lostHours }) => `${percent(lostPart)} (${lostHours.toFixed(0)} h)`],
    ["waits: median, 90th percentile, longest", ({ waits }) => waitsText(waits)],
    ...KINDS.map((kind) => [`... ${kind}`, ({ byKind }: LabReport) => waitsText(byKind.get(kind)!)] as const),
    ...[...reports[0]!.byAccount.keys()]
      .sort()
      .map((account) => [`... ${account}`, ({ byAccount }: LabReport) => waitsText(byAccount.get(account)!)] as const),
    ["median wait of a user: of the middle one, of the worst", ({ byUser }) => usersText(byUser, "medianMs")],
    ["90th percentile of a user's: the same", ({ byUser }) => usersText(byUser, "p90Ms")],
    [
      "share error, week by week, of accounts and of users",
      (one) => `${percent(one.accountError)}, ${percent(one.userError)}`,
    ],
    ["tasks that waited for more than 3 days", ({ waitedLong }) => `${waitedLong}`],
    ["... of users who never had 3/4 of theirs", ({ starved }) => `${starved}`],
    [
      "owners' visits; jobs stopped by one; that had to leave",
      (one) => `${one.visits}; ${one.suspended}; ${one.vacated}`,
    ],
  ]
  return [
    `| | ${names.join(" | ")} |`,
    `|---|${names.map(() => "---:").join("|")}|`,
    ...rows.map(([what, of]) => `| ${[what, ...reports.map(of)].join(" | ")} |`),
  ].join("\n")
}

const KINDS = ["interactive", "training", "sweep", "cpu"] as const

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`
}

function hours(ms: number): string {
  return ms < HOUR_MS ? `${Math.round(ms / 60_000)} min` : `${(ms / HOUR_MS).toFixed(1)} h`
}

function waitsText({ medianMs, p90Ms, longestMs }: Waits): string {
  return [medianMs, p90Ms, longestMs].map(hours).join(", ")
}

function usersText(byUser: ReadonlyMap<string, Waits>, of: "medianMs" | "p90Ms"): string {
  const values = [...byUser.values()].map((waits) => waits[of]).sort((a, b) => a - b)
  return `${hours(values[Math.ceil(values.length / 2) - 1] ?? 0)}, ${hours(values.at(-1) ?? 0)}`
}
