import { formatBytes } from "../../base/bytes.ts"
import { formatDuration } from "../../base/duration.ts"
import { byName, STANDINGS, type StandingCode, standingOf } from "../../protocol/host-standing.ts"
import { queueNumber } from "../../protocol/job-array.ts"
import type { QueueJob, QueueView } from "../../protocol/queue.ts"
import type { TopLook } from "../top/top-look.ts"
import { formatTime } from "./age.ts"
import { type FitColumn, fitTable, type Shed } from "./fit-table.ts"
import { hostLines, type SeenHost } from "./host-lines.ts"
import { commandText } from "./job-text.ts"
import { cutText, printable, shortName, textWidth } from "./table.ts"
import { agoText } from "./vitals-text.ts"

export interface TopTextOptions {
  readonly now: number
  /** Columns of the terminal; without it every line is shown in full. */
  readonly width?: number | undefined
  /** Lines of the terminal; without it there are as many as it takes. */
  readonly height?: number | undefined
  readonly color: boolean
  /** Why what is shown is not how things are now; `null` when it is. */
  readonly trouble: string | null
}

const INDENT = "  "
/** Of a job, where there is less room. */
const NAME_WIDTH = 12
const JOB_SHEDS: readonly Shed[] = [
  { title: "CPU", to: "nothing" },
  { title: "NAME", to: "shorter" },
  { title: "USER", to: "nothing" },
  { title: "NAME", to: "nothing" },
  { title: "MEMORY", to: "shorter" },
]

/** The whole picture: a line of sums, hosts by name with their jobs below them, and the head of the queue. */
export function topLines({ at, hosts: seen, queue }: TopLook, options: TopTextOptions): string[] {
  const { width, height, trouble } = options
  const hosts = byName<SeenHost>(seen)
  const cut = cutTo(width)
  const lines = [
    ...sumsLines(hosts, queue, at, width).map(cut),
    trouble === null ? "" : warned(cut(printable(trouble)), options.color),
    ...hostsWithJobs(hosts, queue.running, options),
    ...waitingLines(queue, options),
  ]
  if (height === undefined || lines.length <= height) return lines
  const kept = lines.slice(0, Math.max(1, height - 1))
  return [...kept, cut(`... ${lines.length - kept.length} more lines`)].slice(0, Math.max(1, height))
}

/** "3 hosts: 1 free, 2 busy   2 jobs run, 14 wait   12:00:00", or in two lines where that is too long. */
function sumsLines(
  hosts: readonly SeenHost[],
  { running, waiting }: QueueView,
  at: number,
  width: number | undefined,
): string[] {
  const counts = new Map<StandingCode, number>()
  for (const host of hosts) {
    const { code } = standingOf(host)
    counts.set(code, (counts.get(code) ?? 0) + 1)
  }
  const each = STANDINGS.flatMap((code) => (counts.has(code) ? [`${counts.get(code)} ${code}`] : []))
  const all = `${hosts.length} host${hosts.length === 1 ? "" : "s"}${each.length === 0 ? "" : `: ${each.join(", ")}`}`
  const jobs = `${running.length} job${running.length === 1 ? " runs" : "s run"}, ${waiting} wait${waiting === 1 ? "s" : ""}`
  const rest = `${jobs}   ${formatTime(at).slice("2026-11-23 ".length)}`
  const whole = `${all}   ${rest}`
  return width === undefined || textWidth(whole) <= width ? [whole] : [all, rest]
}

function hostsWithJobs(hosts: readonly SeenHost[], running: readonly QueueJob[], options: TopTextOptions): string[] {
  if (hosts.length === 0) return [cutTo(options.width)("No hosts yet. Let one join: windfall host add user@mac")]
  const { now, width, color } = options
  const [titles = "", ...rows] = hostLines(hosts, { now, width, color, withoutJobs: true })
  const jobs = fitted(
    running.map((job) => runningCells(job, now)),
    width,
  )
  const below = (host: SeenHost) => jobs.filter((_, at) => running[at]?.hostId === host.id)
  return [titles, ...hosts.flatMap((host, at) => [rows[at] ?? "", ...below(host)])]
}

function waitingLines({ waiting, next }: QueueView, { now, width }: TopTextOptions): string[] {
  if (waiting === 0) return []
  const head = next.length < waiting ? `WAITING, the first ${next.length} of ${waiting}` : "WAITING"
  return [
    "",
    cutTo(width)(head),
    ...fitted(
      next.map((job) => waitingCells(job, now)),
      width,
    ),
  ]
}

interface JobCells {
  readonly name: string
  readonly user: string
  readonly time: string
  readonly id: string
  readonly memory: readonly [string, string]
  readonly cpu: string
  readonly words: string
}

function runningCells(job: QueueJob, now: number): JobCells {
  const { usage } = job
  const leased = formatBytes(job.memoryBytes)
  return {
    ...cellsOf(job),
    time: standText(job, now),
    memory:
      usage === null
        ? [`${leased} leased`, leased]
        : [`${formatBytes(usage.memoryBytes)} of ${leased}`, formatBytes(usage.memoryBytes)],
    cpu: usage?.cpuPercent == null ? "" : `${usage.cpuPercent}% CPU`,
    words: commandText(job.command),
  }
}

function waitingCells(job: QueueJob, now: number): JobCells {
  const leased = formatBytes(job.memoryBytes)
  return {
    ...cellsOf(job),
    time: agoText(now - job.submittedAt),
    memory: [leased, leased],
    cpu: "",
    words: job.reason ?? commandText(job.command),
  }
}

function cellsOf({ name, user, ...job }: QueueJob): Pick<JobCells, "id" | "name" | "user"> {
  return { id: queueNumber(job), name: name ?? "-", user }
}

/** How long it has run, or what it does in place of that. */
function standText({ state, startedAt, outOfContactSince }: QueueJob, now: number): string {
  if (outOfContactSince !== null) return `silent ${agoText(now - outOfContactSince)}`
  if (state === "suspended") return "stopped"
  return state === "running" && startedAt !== null ? ranText(now - startedAt) : state
}

/** "20 s", "4m 05s", "1h 02m". */
function ranText(ms: number): string {
  return ms < 60_000 ? agoText(ms) : formatDuration(ms)
}

/** Lines of jobs in columns of their own, indented, without titles: each cell says by itself what it is. */
function fitted(jobs: readonly JobCells[], width: number | undefined): string[] {
  const column = (title: string, cell: (job: JobCells) => string | readonly string[], right = false): FitColumn => ({
    title,
    untitled: true,
    cells: jobs.map((job) => [cell(job)].flat()),
    right,
  })
  const columns: FitColumn[] = [
    column("ID", ({ id }) => id, true),
    column("NAME", ({ name }) => [name, shortName(name, NAME_WIDTH)]),
    column("USER", ({ user }) => user),
    column("TIME", ({ time }) => time),
    column("MEMORY", ({ memory }) => memory, true),
    column("CPU", ({ cpu }) => cpu, true),
    { ...column("", ({ words }) => words), isWords: true },
  ]
  const room = width === undefined ? undefined : Math.max(1, width - INDENT.length)
  return fitTable(columns, JOB_SHEDS, room)
    .slice(1)
    .map((line) => cutTo(width)(INDENT + line))
}

function cutTo(width: number | undefined): (line: string) => string {
  return (line) => (width === undefined ? line : cutText(line, width))
}

function warned(text: string, color: boolean): string {
  return color ? `\x1b[31m${text}\x1b[0m` : text
}
