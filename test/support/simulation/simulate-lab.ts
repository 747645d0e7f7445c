import { DAY_MS, HOUR_MS, type Lab, type LabJob } from "./lab.ts"
import { type GpuHours, type LabReport, reportOf } from "./lab-report.ts"
import { type Attempt, Simulation, type Strategy, workedIn } from "./simulation.ts"

/** A Monday. */
export const LAB_FROM_MS = Date.parse("2026-11-02T00:00:00Z")
export const MONTH_MS = 28 * DAY_MS

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
  return reportOf(lab, simulation, gpuHoursOf(work, attempts, toMs), { fromMs: LAB_FROM_MS, toMs })
}

function gpuHoursOf(work: readonly LabJob[], attempts: readonly Attempt[], toMs: number): GpuHours {
  const used = new Map<string, number>()
  const asked = new Map<string, number>()
  const add = (to: Map<string, number>, user: string, ms: number) => to.set(user, (to.get(user) ?? 0) + ms / HOUR_MS)
  for (const attempt of attempts) {
    add(used, attempt.task.job.user, attempt.resources.gpus * workedIn(attempt, toMs))
  }
  for (const { user, gpus, workMs } of work) if (gpus !== 0) for (const ms of workMs) add(asked, user, ms)
  return { used, asked }
}
