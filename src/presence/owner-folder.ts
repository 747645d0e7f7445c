import { formatBytes } from "../base/bytes.ts"
import { formatDuration } from "../base/duration.ts"
import { clockText, dayText } from "./clock-text.ts"
import type { Moment } from "./moment.ts"
import { type OwnerObstacle, ownerObstacleText } from "./obstacle.ts"
import { type ReturnReaction, YIELD_CAVEAT } from "./owner-policy.ts"
import type { Presence } from "./presence.ts"
import { presenceText } from "./presence-text.ts"
import { type Why, whyText } from "./why.ts"

/** What lies in the owner's folder to be double-clicked, by name. */
export const OWNER_BUTTONS = {
  pause: "Pause 2 hours.command",
  notToday: "Not today.command",
  resume: "Resume.command",
  leave: "Leave the pool.command",
} as const

export const NOW_FILE = "Now.txt"
export const LAST_DAYS_FILE = "Last 30 days.txt"

/** A job on the Mac now, for its owner. */
export interface JobHere {
  readonly job: number
  readonly name: string | null
  readonly user: string
  readonly sinceMs: number
  readonly memoryBytes: number | null
  readonly usesGpu: boolean
  readonly state: "running" | "yielding" | "suspended" | "ending"
  /** Since when it is so, by the wall clock. */
  readonly stateSinceMs: number
  /** What made it so; `null` where nothing has to be explained. */
  readonly why: Why | { readonly text: string } | null
}

export interface NowFacts {
  readonly host: string
  readonly now: Moment
  readonly timeZone: string
  readonly presence: Presence | null
  readonly onReturn: ReturnReaction
  readonly startObstacles: readonly OwnerObstacle[]
  /** Why no job starts whoever is at it; `null` where some may. */
  readonly closed: string | null
  readonly jobs: readonly JobHere[]
}

/** `Now.txt`: who is on this Mac, with what, since when, and how to stop it. Written anew at each change. */
export function nowText({ host, now, timeZone, presence, onReturn, startObstacles, closed, jobs }: NowFacts): string {
  const at = (ms: number) => clockText(ms, now.wallMs, timeZone)
  const obstacles = startObstacles.map((obstacle) => ownerObstacleText(obstacle, now.wallMs, timeZone))
  const [main, ...more] = closed === null ? obstacles : [closed, ...obstacles]
  return lines([
    `Windfall on ${plain(host)}, ${dayText(now.wallMs, timeZone)} ${at(now.wallMs)}`,
    "",
    ...(jobs.length === 0 ? ["No job runs here."] : jobs.map((job) => jobLine(job, now.wallMs, timeZone))),
    "",
    presence === null ? null : `You: ${plain(presenceText(presence, now))}`,
    main === undefined ? "New jobs: may start." : `New jobs: none for now: ${plain(main)}.`,
    ...more.map((text) => `  Also: ${plain(text)}.`),
    "",
    "To stop it, double-click in this folder:",
    `  "${OWNER_BUTTONS.pause}": all jobs stop at once, and none starts for two hours`,
    `  "${OWNER_BUTTONS.notToday}": the same until the night`,
    startObstacles.some(({ code }) => code === "paused")
      ? `  "${OWNER_BUTTONS.resume}": jobs may run again, as your rules say`
      : null,
    `  "${OWNER_BUTTONS.leave}": this Mac is no longer lent, and all of Windfall is removed from it`,
    "",
    ON_RETURN[onReturn],
  ])
}

/** What coming back does, by itself. */
const ON_RETURN: Readonly<Record<ReturnReaction, string>> = {
  suspend: "Coming back is enough, too: jobs stop while you use it.",
  vacate: "Coming back is enough, too: jobs end when you use it, and run elsewhere.",
  yield: `While you use it jobs go on: ${YIELD_CAVEAT}.`,
  ignore: "Jobs go on while you use it.",
}

function jobLine(job: JobHere, nowMs: number, timeZone: string): string {
  const at = (ms: number) => clockText(ms, nowMs, timeZone)
  const name = job.name === null ? "" : ` (${plain(job.name)})`
  const memory = job.memoryBytes === null ? [] : [formatBytes(job.memoryBytes)]
  const holds = [...memory, ...(job.usesGpu ? ["the GPU"] : [])].join(" and ")
  const state = STATE_WORDS[job.state]
  const words = job.why === null || "text" in job.why ? job.why?.text : whyText(job.why, nowMs, timeZone)
  const why = words === undefined ? "" : ` (${plain(words)})`
  return [
    `Job ${job.job}${name} of ${plain(job.user)}, here since ${at(job.sinceMs)}`,
    holds === "" ? "" : `, with ${holds}`,
    state === null ? "" : `: ${state} since ${at(job.stateSinceMs)}${why}`,
  ].join("")
}

const STATE_WORDS: Readonly<Record<JobHere["state"], string | null>> = {
  running: null,
  yielding: "behind your own work",
  suspended: "stopped",
  ending: "ending",
}

export interface LentStop {
  readonly atMs: number
  /** From the sign of somebody to the last process stopped; `null`: nobody measured it. */
  readonly reactionMs: number | null
  readonly vacated: boolean
}

/** What a Mac was lent in a span of time, from the record of events. */
export interface LentFacts {
  readonly fromMs: number
  readonly toMs: number
  readonly timeZone: string
  /** How much each user's jobs have run there, suspended time not counted. */
  readonly users: readonly { readonly user: string; readonly ranMs: number; readonly jobs: number }[]
  /** Each time jobs stepped aside for the owner. */
  readonly stops: readonly LentStop[]
  /** For how long jobs ran at all: what ran side by side counts once. */
  readonly lentMs: number
}

/** `Last 30 days.txt`: to whom the Mac was lent, and how it stepped aside. */
export function lastDaysText(host: string, facts: LentFacts): string {
  const { fromMs, toMs, timeZone, users, stops } = facts
  const span = `${dayText(fromMs, timeZone)} to ${dayText(toMs, timeZone)}`
  const vacated = stops.filter((stop) => stop.vacated).length
  const slowest = slowestStop(facts)
  return lines([
    `${plain(host)}, ${span}`,
    "",
    `Lent: ${hoursText(facts.lentMs)} to ${count(users.length, "person", "people")}`,
    ...users
      .toSorted((a, b) => b.ranMs - a.ranMs || (a.user < b.user ? -1 : 1))
      .map(({ user, ranMs, jobs }) => `  ${plain(user)}: ${hoursText(ranMs)}, ${count(jobs, "job", "jobs")}`),
    "",
    `Stepped aside for you: ${count(stops.length, "time", "times")}${vacated === 0 ? "" : `, ${vacated} of them for good`}`,
    slowest === undefined
      ? null
      : `Slowest: ${formatDuration(slowest.reactionMs)}, on ${dayText(slowest.atMs, timeZone)} at ${clockText(slowest.atMs, slowest.atMs, timeZone)}`,
  ])
}

/** One line for each Monday: hours lent, to how many, stopped how often, slowest reaction. */
export function mondayLine(host: string, facts: LentFacts): string {
  if (facts.lentMs === 0 && facts.stops.length === 0) return `${plain(host)} was not used by jobs last week.`
  const slowest = slowestStop(facts)
  const slowly = slowest === undefined ? "" : `, at the slowest in ${formatDuration(slowest.reactionMs)}`
  const stops =
    facts.stops.length === 0
      ? "and never had to step aside"
      : `and stepped aside ${count(facts.stops.length, "time", "times")}${slowly}`
  return `${plain(host)} was lent for ${hoursText(facts.lentMs)} last week, to ${count(facts.users.length, "person", "people")}, ${stops}.`
}

function slowestStop({ stops }: LentFacts) {
  const measured = stops.flatMap(({ atMs, reactionMs }) => (reactionMs === null ? [] : [{ atMs, reactionMs }]))
  return measured.reduce<(typeof measured)[number] | undefined>(
    (slowest, stop) => (slowest === undefined || stop.reactionMs > slowest.reactionMs ? stop : slowest),
    undefined,
  )
}

/** "41 hours", "1.5 hours", "20 minutes". */
function hoursText(ms: number): string {
  const hours = ms / 3_600_000
  if (hours < 0.95) return count(Math.round(ms / 60_000), "minute", "minutes")
  return hours < 9.95 ? count(Number(hours.toFixed(1)), "hour", "hours") : `${Math.round(hours)} hours`
}

function count(value: number, one: string, many: string): string {
  return `${value} ${value === 1 ? one : many}`
}

/** What others have named stays one line, without characters that could move the cursor or turn the text around. */
function plain(text: string): string {
  const visible = text.replace(/[\s\p{C}]+/gu, " ").trim()
  return visible.length > 200 ? `${visible.slice(0, 199)}…` : visible
}

function lines(parts: readonly (string | null)[]): string {
  return `${parts.filter((part) => part !== null).join("\n")}\n`
}
