import { DAY_MS, HOUR_MS, type Lab, type LabJob } from "./lab.ts"
import { type GpuHours, type LabReport, reportOf } from "./lab-report.ts"
import { type Attempt, Simulation, type Strategy } from "./simulation.ts"

/** A Monday. */
export const LAB_FROM_MS = Date.parse("2026-11-02T00:00:00Z")
export const MONTH_MS = 28 * DAY_MS
const WEEK_MS = 7 * DAY_MS

/** Plays a time in a lab by a strategy and reports. The same in, the same out. */
export function simulateLab(lab: Lab, work: readonly LabJob[], strategy: Strategy, toMs: number): LabReport {
  const attempts: Attempt[] = []
  const watched: Strategy = {
    name: strategy.name,
    waits: (task, nowMs) => strategy.waits(task, nowMs),
    starts: (attempt) => {
      attempts.push(attempt)
      strategy.starts(attempt)
    },
    decide: (hosts, nowMs) => strategy.decide(hosts, nowMs),
  }
  const simulation = new Simulation(lab, work, watched, LAB_FROM_MS)
  simulation.run(toMs)
  const weeks: GpuHours[] = []
  for (let fromMs = LAB_FROM_MS; fromMs < toMs; fromMs += WEEK_MS)
    weeks.push(gpuHoursOf(work, attempts, fromMs, Math.min(toMs, fromMs + WEEK_MS)))
  return reportOf(lab, simulation, weeks, { fromMs: LAB_FROM_MS, toMs })
}

/** Asked for: what came in that time, and what was left from before. */
function gpuHoursOf(work: readonly LabJob[], attempts: readonly Attempt[], fromMs: number, toMs: number): GpuHours {
  const used = new Map<string, number>()
  const asked = new Map<string, number>()
  const add = (to: Map<string, number>, user: string, ms: number) => to.set(user, (to.get(user) ?? 0) + ms / HOUR_MS)
  for (const attempt of attempts) {
    const { user } = attempt.task.job
    for (const run of attempt.runs) {
      const endMs = run.toMs ?? toMs
      const within = Math.max(0, Math.min(endMs, toMs) - Math.max(run.fromMs, fromMs))
      add(used, user, attempt.resources.gpus * within)
      add(asked, user, -attempt.resources.gpus * Math.max(0, Math.min(endMs, fromMs) - run.fromMs))
    }
    // What was lost has to be done again.
    const { endedMs } = attempt
    if (endedMs !== null && endedMs < toMs) add(asked, user, attempt.resources.gpus * attempt.lostMs)
  }
  for (const { user, gpus, workMs, submittedMs } of work)
    if (gpus !== 0 && submittedMs < toMs) for (const ms of workMs) add(asked, user, ms)
  return { used, asked }
}
