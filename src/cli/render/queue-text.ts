import { formatDuration } from "../../base/duration.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { JobView } from "../../protocol/job.ts"
import { jobNumber, queueNumber } from "../../protocol/job-array.ts"
import type { QueueOrderEntry, QueueOrderView } from "../../protocol/queue-order.ts"
import type { JobNames } from "../../scheduler/job-names.ts"
import { behindText } from "../../scheduler/queue/reason-text.ts"
import { momentText } from "../../scheduler/time/moment-text.ts"
import { renderTable } from "./table.ts"

/** What `queue` prints for people. */
export function queueText({ policy, at, waiting, entries }: QueueOrderView, width?: number): string {
  if (entries.length === 0) return "Nobody waits\n"
  const titles = ["PLACE", "JOB", "USER", ...(policy === 0 ? [] : ["ACCOUNT", "QOS", "PRIORITY"]), "START", "REASON"]
  const columns = titles.map((title) => ({ title, right: ["PLACE", "JOB", "PRIORITY"].includes(title) }))
  const rows = entries.map((entry) => [
    entry.place === null ? "-" : `${entry.place}`,
    `${queueNumber({ ...entry, id: entry.job })}${entry.name === null ? "" : ` ${entry.name}`}`,
    entry.user,
    ...(policy === 0
      ? []
      : [entry.account ?? "", entry.qos ?? "", entry.priority === null ? "-" : `${entry.priority}`]),
    startText(entry, at),
    `${entry.reason}${behindText({ job: entry.job, behind: entry.behind ?? null }, nameIn(entries))}`,
  ])
  const shown = entries.filter(({ place }) => place !== null).length
  const more = waiting > shown ? `and ${waiting - shown} more that wait (windfall queue --limit N)\n` : ""
  return renderTable(columns, rows, width) + more
}

/** As it is listed. */
function nameIn(entries: readonly QueueOrderEntry[]): JobNames {
  return (job) => jobNumber({ ...entries.find((one) => one.job === job), id: job })
}

function startText({ startAt, estimate, behind }: QueueOrderEntry, at: number): string {
  if (startAt === null) return "?"
  if (startAt <= at) return "now"
  return `${estimate ? "about " : ""}in ${formatDuration(startAt - at)}${behind === undefined ? "" : " or later"}`
}

/** What follows from the plan for a job that waits: expected start, what would help, its priority, who stands before it. */
export function planOfText({ expected, sooner = [], priority, ahead = [] }: WhyAnswer, now: number): string {
  const parts: string[] = []
  if (expected !== undefined) parts.push(expectedText(expected, now))
  if (sooner.length > 0) parts.push(sooner.map((way) => `${way}\n`).join(""))
  if (priority !== undefined && priority.rows.length > 0) {
    const rows = priority.rows
      .filter(({ weight, points }) => weight !== 0 || points !== 0)
      .map(({ factor, value, weight, points }) => [
        factor,
        value === null ? "" : `${Number(value.toFixed(4))}`,
        weight === null ? "" : `${weight}`,
        `${Math.round(points)}`,
      ])
    const columns = ["FACTOR", "VALUE", "WEIGHT", "POINTS"].map((title, at) => ({ title, right: at > 0 }))
    parts.push(`Its priority is ${priority.priority}:\n${rows.length === 0 ? "" : renderTable(columns, rows)}`)
  }
  if (ahead.length > 0) {
    const columns = ["PLACE", "JOB", "USER", "PRIORITY", "BEFORE IT, AS"].map((title, at) => ({
      title,
      right: at < 2 || at === 3,
    }))
    const rows = ahead.map((one) => [
      `${one.place}`,
      jobNumber({ ...one, id: one.job }),
      one.user,
      one.priority === null ? "-" : `${one.priority}`,
      one.because,
    ])
    parts.push(renderTable(columns, rows))
  }
  return parts.map((part) => `\n${part}`).join("")
}

function expectedText({ from, to, hosts, none, rests }: NonNullable<WhyAnswer["expected"]>, now: number): string {
  const at = (ms: number) => (ms <= now ? "now" : `in ${formatDuration(ms - now)}`)
  const where = hosts.length === 0 ? "" : ` on ${hosts.join(", ")}`
  if (from === null) return `Expected start: ${none === true ? "none" : "nobody can say"} (${rests})\n`
  const until = to === null ? "or later" : from === to ? "" : `to ${at(to)}`
  return `Expected start: ${[at(from), until].filter((text) => text !== "").join(" ")}${where} (${rests})\n`
}

/** What was asked of the queue for a job, and said since; "" for nothing. */
export function askedText({ spec: { queue }, standing = {} }: JobView, timeZone: string): string {
  const { hold, nice = queue?.nice ?? 0, priority, ranAs } = standing
  const account = ranAs?.account ?? queue?.account ?? null
  const qos = ranAs?.qos ?? queue?.qos ?? null
  return [
    ...(account === null ? [] : [`account ${account}`]),
    ...(qos === null ? [] : [`QOS ${qos}`]),
    ...(nice === 0 ? [] : [`nice ${nice}`]),
    ...(priority === undefined ? [] : [`priority ${priority} by hand`]),
    ...(hold === undefined ? [] : [hold === "admin" ? "held by an administrator" : "held"]),
    ...(queue?.beginAt == null ? [] : [`not before ${momentText(queue.beginAt, timeZone)}`]),
    ...(queue?.deadlineAt == null ? [] : [`over by ${momentText(queue.deadlineAt, timeZone)}`]),
    ...(queue?.after == null ? [] : [queue.after]),
  ].join(", ")
}
