import { PlanReport } from "../../scheduler/queue/plan-report.ts"
import { PresenceCounts } from "../../scheduler/queue/presence-counted.ts"
import type { QueueEntry, QueuePlan } from "../../scheduler/queue/queue-plan.ts"
import type { QueueScene } from "../../scheduler/queue/queue-scene.ts"
import { entryText, preemptionText, reasonText } from "../../scheduler/queue/reason-text.ts"

/** Beyond so many answers of hosts they are left out: nobody reads them, and they would fill the disk. */
const MOST_HOST_ANSWERS = 1_000_000

/** What `policy plan --json` prints (docs/policy-formats.md). */
export function planJson(scene: QueueScene, plan: QueuePlan, only: ReadonlySet<number> | null): object {
  const { nowMs } = plan
  const report = new PlanReport(scene, plan)
  const counts = new PresenceCounts(
    scene,
    nowMs,
    plan.entries.some(({ estimate }) => estimate),
  )
  const entries = plan.entries.filter(({ job }) => only === null || only.has(job))
  const withHosts = entries.length * scene.hosts.length <= MOST_HOST_ANSWERS
  const jobs = entries.map((entry) => ({
    ...entryJson(entry, report, nowMs, withHosts),
    presence: counts.of(entry).map(({ host, untilMs }) => ({ host, until: isoOf(untilMs) })),
  }))
  const of = (state: string) => jobs.filter((job) => job.state === state)
  const brief = ({ job, task, start, inSeconds, hosts }: (typeof jobs)[number]) => ({
    job,
    task,
    start,
    inSeconds,
    hosts,
  })
  return {
    now: isoOf(nowMs),
    nextWake: plan.nextWakeMs === null ? null : isoOf(plan.nextWakeMs),
    jobs,
    starts: of("start").map(brief),
    reservations: of("reserved").map(brief),
    preemptions: jobs.flatMap(({ preempts }) => preempts),
  }
}

function entryJson(entry: QueueEntry, report: PlanReport, nowMs: number, withHosts: boolean) {
  const { user, account, name } = report.jobOf(entry)
  const { rows } = report.priorityOf(entry)
  const { startMs, endMs, reason } = entry
  return {
    job: entry.job,
    task: entry.task,
    name,
    user,
    account,
    partition: entry.partition,
    qos: entry.qos,
    place: entry.place,
    priority: entry.priority,
    factors: rows.map(({ factor, value, weight, points }) => ({ factor, value, weight, points })),
    state: entry.state,
    start: startMs === null ? null : isoOf(startMs),
    inSeconds: startMs === null ? null : (startMs - nowMs) / 1000,
    end: endMs === null ? null : isoOf(endMs),
    hosts: entry.hosts,
    holds: entry.holds,
    estimate: entry.estimate,
    behind: entry.behind,
    preempts: entry.preempts.map((one) => ({
      job: one.job,
      task: one.task,
      hosts: one.hosts,
      mode: one.mode,
      graceSeconds: (one.graceEndsMs - nowMs) / 1000,
      for: one.for,
      by: one.by,
      notSuspended: one.notSuspended !== null,
      notSuspendedBecause: one.notSuspended,
      text: preemptionText(one, nowMs),
    })),
    code: reason?.code ?? null,
    reason: reason === null ? null : reasonText(reason, nowMs),
    limits:
      reason?.code === "limit"
        ? reason.hits.map(({ layer, scope, limit, resource, most, have, asked, lasting, planned = false }) => ({
            layer: layer.kind,
            of: layer.name,
            scope,
            limit,
            resource,
            most,
            have,
            asked: Number.isFinite(asked) ? asked : null,
            lasting,
            planned,
          }))
        : [],
    text: entryText(entry, nowMs, (host) => host),
    hostReasons:
      entry.state === "start" || !withHosts
        ? null
        : report.hostsOf(entry).map(({ host, obstacles, text }) => ({
            host: host.name,
            codes: obstacles.map(({ code }) => code),
            jobs: [
              ...new Set(
                obstacles.flatMap((one) =>
                  "leases" in one ? one.leases.map(({ job }) => job) : "jobs" in one ? one.jobs : [],
                ),
              ),
            ],
            text,
          })),
  }
}

function isoOf(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms}`
}
