import { formatDuration } from "../../base/duration.ts"
import { PlanReport } from "../../scheduler/queue/plan-report.ts"
import { PresenceCounts, presenceText } from "../../scheduler/queue/presence-counted.ts"
import type { QueueEntry, QueuePlan } from "../../scheduler/queue/queue-plan.ts"
import type { QueueScene } from "../../scheduler/queue/queue-scene.ts"
import { behindText, preemptionText, reasonText } from "../../scheduler/queue/reason-text.ts"
import { renderTable } from "./table.ts"

/** Jobs of which each host's answer is shown, where nobody asked for certain ones. */
const HOSTS_SHOWN_FOR = 20

/** What `policy plan` prints for people. */
export function planText(scene: QueueScene, plan: QueuePlan, only: ReadonlySet<number> | null): string {
  const { nowMs } = plan
  const entries = plan.entries.filter(({ job }) => only === null || only.has(job))
  const columns = ["PLACE", "JOB", "PRIORITY", "STATE", "START", "HOSTS", "REASON"].map((title, at) => ({
    title,
    right: at < 3,
  }))
  const counts = new PresenceCounts(
    scene,
    nowMs,
    plan.entries.some(({ estimate }) => estimate),
  )
  const names = new Map(scene.hosts.map(({ id, name }) => [id, name]))
  const presence = (entry: QueueEntry) =>
    presenceText(
      counts.of(entry).map(({ host, untilMs }) => `${names.get(host) ?? host} for ${formatDuration(untilMs - nowMs)}`),
    )
  const rows = entries.map((entry) => [
    entry.place === null ? "-" : `${entry.place}`,
    nameOf(entry),
    `${entry.priority}`,
    entry.state,
    entry.startMs === null
      ? ""
      : entry.startMs <= nowMs
        ? "now"
        : `${entry.estimate ? "about " : ""}+${formatDuration(entry.startMs - nowMs)}${entry.behind === null ? "" : " or later"}`,
    entry.hosts.join(","),
    entry.reason === null ? "" : `${reasonText(entry.reason, nowMs)}${behindText(entry)}${presence(entry)}`,
  ])
  const parts = [renderTable(columns, rows)]
  const preempted = entries.flatMap(({ preempts }) => preempts)
  if (preempted.length > 0) {
    const lines = preempted.map((one) => `${nameOf(one)} on ${one.hosts.join(",")}: ${preemptionText(one, nowMs)}\n`)
    parts.push(`Preempted:\n${lines.join("")}`)
  }
  const report = new PlanReport(scene, plan)
  const waiting = entries.filter(({ state }) => state !== "start")
  for (const entry of waiting.slice(0, only === null ? HOSTS_SHOWN_FOR : waiting.length)) {
    const hosts = report.hostsOf(entry).map(({ host, text }) => [`  ${host.name}`, text])
    parts.push(
      `Job ${nameOf(entry)}, host by host:\n${withoutTitles(renderTable([{ title: "" }, { title: "" }], hosts))}`,
    )
    if (only !== null) {
      const sum = report
        .priorityOf(entry)
        .rows.map(({ factor, value, weight, points }) => [
          `  ${factor}`,
          value === null ? "" : `${value}`,
          weight === null ? "" : `${weight}`,
          `${points}`,
        ])
      const titles = ["FACTOR", "VALUE", "WEIGHT", "POINTS"].map((title) => ({
        title: title === "FACTOR" ? "  FACTOR" : title,
      }))
      if (sum.length > 0) parts.push(`Its priority ${entry.priority}:\n${renderTable(titles, sum)}`)
    }
  }
  if (only === null && waiting.length > HOSTS_SHOWN_FOR)
    parts.push(`Hosts of ${waiting.length - HOSTS_SHOWN_FOR} more jobs: ask with --job, or --json\n`)
  const next = plan.nextWakeMs
  if (next !== null) parts.push(`To be planned again in ${formatDuration(next - nowMs)} at the latest.\n`)
  return parts.join("\n")
}

function nameOf({ job, task }: Pick<QueueEntry, "job" | "task">): string {
  return task === null ? `${job}` : `${job}_${task}`
}

function withoutTitles(table: string): string {
  return table.slice(table.indexOf("\n") + 1)
}
