import { formatBytes } from "../../base/bytes.ts"
import type { HostView } from "../../protocol/host.ts"
import { type StandingCode, standingOf } from "../../protocol/host-standing.ts"
import type { HostObstacle, HostPresence } from "../../protocol/owner.ts"
import type { QueueJob } from "../../protocol/queue.ts"
import { hostBookingTexts } from "./booking-text.ts"
import { type FitColumn, fitTable, type Shed } from "./fit-table.ts"
import { machineTexts } from "./mac-text.ts"
import { networkTexts } from "./network-brief.ts"
import { shortName } from "./table.ts"
import { freeMemoryBytes, gpuText, heatText, powerText, whoText } from "./vitals-text.ts"

/** A host as a server of this release, or of the one before, shows it. */
export type SeenHost = HostView & {
  readonly presence?: HostPresence | null
  readonly obstacles?: readonly HostObstacle[]
}

export interface HostLinesOptions {
  readonly now: number
  /** Columns of the terminal; without it every line is shown in full. */
  readonly width?: number | undefined
  readonly color: boolean
  /** Jobs that run, for their names; without them there are numbers alone. */
  readonly running?: readonly QueueJob[]
  /** Jobs have lines of their own. */
  readonly withoutJobs?: boolean
}

/** Columns that a host's name takes where there is less room: one long name shall not push what is said of all hosts off the edge. */
const NAME_WIDTHS = [24, 16] as const

/** What goes first where there is less room. The host, its word and who is there never go. */
const SHEDS: readonly Shed[] = [
  { title: "LABELS", to: "nothing" },
  { title: "NETWORK", to: "shorter" },
  { title: "BOOKED", to: "shorter" },
  { title: "SYSTEM", to: "nothing" },
  { title: "MAC", to: "shorter" },
  { title: "HOST", to: "shorter" },
  { title: "NETWORK", to: "nothing" },
  { title: "HEAT", to: "nothing" },
  { title: "POWER", to: "nothing" },
  { title: "MAC", to: "shorter" },
  { title: "JOB", to: "shorter" },
  { title: "GPU", to: "nothing" },
  { title: "MAC", to: "nothing" },
  { title: "BOOKED", to: "nothing" },
  { title: "HOST", to: "shorter" },
  { title: "FREE", to: "nothing" },
  { title: "JOB", to: "nothing" },
  { title: "WHY", to: "nothing" },
]

const GREEN: ReadonlySet<StandingCode> = new Set(["free", "partly"])
const YELLOW: ReadonlySet<StandingCode> = new Set(["owner", "paused", "hours", "power", "load", "memory", "unknown"])
const RED: ReadonlySet<StandingCode> = new Set(["down", "refused", "withheld"])

/** One line a host, in this order, below a line of titles. */
export function hostLines(hosts: readonly SeenHost[], options: HostLinesOptions): string[] {
  const { now, color, withoutJobs = false } = options
  const running = new Map((options.running ?? []).map((job) => [job.id as number, job]))
  const standings = hosts.map(standingOf)
  const column = (
    title: string,
    forms: (host: SeenHost) => readonly string[],
    more: Partial<FitColumn> = {},
  ): FitColumn => ({
    title,
    cells: hosts.map(forms),
    ...more,
  })
  const isReady = ({ link }: SeenHost) => link === "ready"
  /** What was last heard of a host that is not there is no news of now. */
  const ifReady = (text: (host: SeenHost) => string) => (host: SeenHost) => [isReady(host) ? text(host) : "-"]
  const columns: FitColumn[] = [
    column("HOST", ({ name }) => [name, ...NAME_WIDTHS.map((width) => shortName(name, width))]),
    {
      title: "NOW",
      cells: standings.map(({ code }) => [code]),
      ...(color ? { style: (padded, row) => colored(padded, standings[row]?.code) } : {}),
    },
    column(
      "WHO",
      ifReady((host) => whoText(host.presence ?? null, now)),
    ),
    column("BOOKED", ({ bookings }) => hostBookingTexts(bookings ?? [], now)),
    ...(withoutJobs ? [] : [column("JOB", (host) => jobTexts(host.jobs, running))]),
    column("FREE", (host) => [freeText(host, now)], { right: true }),
    column(
      "GPU",
      ifReady((host) => gpuText(host.vitals ?? null, now)),
      { right: true },
    ),
    column("MAC", (host) => machineTexts(host.facts)),
    column(
      "POWER",
      ifReady((host) => powerText(host.vitals ?? null, now)),
    ),
    column(
      "HEAT",
      ifReady((host) => heatText(host.vitals ?? null, now)),
    ),
    column("NETWORK", (host) => networkTexts(host.network ?? null)),
    column("SYSTEM", (host) => [host.facts?.system ?? "-"]),
    column("LABELS", ({ labels }) => [
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(" "),
    ]),
    { title: "WHY", cells: standings.map(({ text }) => [text]), isWords: true },
  ]
  return fitTable(columns, SHEDS, options.width)
}

function freeText(host: SeenHost, now: number): string {
  const bytes = freeMemoryBytes(host, now)
  return bytes === null ? "-" : formatBytes(bytes)
}

/** "412 train (stopped) +1", and in short the numbers alone. */
function jobTexts(jobs: readonly number[], running: ReadonlyMap<number, QueueJob>): readonly [string, string] {
  const [first] = jobs
  if (first === undefined) return ["-", "-"]
  const job = running.get(first)
  const more = jobs.length > 1 ? ` +${jobs.length - 1}` : ""
  const name = job?.name == null ? "" : ` ${job.name}`
  const state = job?.state === "suspended" ? " (stopped)" : ""
  return [`${first}${name}${state}${more}`, `${first}${more}`]
}

function colored(padded: string, code: StandingCode | undefined): string {
  if (code === undefined) return padded
  const number = GREEN.has(code) ? 32 : YELLOW.has(code) ? 33 : RED.has(code) ? 31 : 0
  return number === 0 ? padded : `\x1b[${number}m${padded}\x1b[0m`
}
