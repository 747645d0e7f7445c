import { DAY_MS, HOUR_MS, KINDS, type Lab, type Span } from "./lab.ts"
import type { Simulation, Task } from "./simulation.ts"

export interface Waits {
  readonly tasks: number
  readonly medianMs: number
  readonly p90Ms: number
  readonly longestMs: number
}

/** What a simulated time came to. Who still waits at its end counts with the wait until then. */
export interface LabReport {
  /** Of the GPU time in which Macs were there and nobody sat at them: what went into work that counted, and into work that was lost. */
  readonly usedPart: number
  readonly lostPart: number
  readonly tasks: number
  readonly doneTasks: number
  readonly waits: Waits
  readonly byKind: ReadonlyMap<string, Waits>
  readonly byAccount: ReadonlyMap<string, Waits>
  readonly byUser: ReadonlyMap<string, Waits>
  /** What part was used by others than those whose it was, week by week: what was asked for then, and from before, divided by shares. */
  readonly accountError: number
  readonly userError: number
  /** How often owners came to a Mac, jobs were stopped for one, and had to leave. */
  readonly visits: number
  readonly suspended: number
  readonly vacated: number
  readonly lostHours: number
  /** Tasks that waited for longer than three days: of all, and of users who were given less than three quarters of what is theirs in each week. */
  readonly waitedLong: number
  readonly starved: number
}

export function reportOf(
  lab: Lab,
  simulation: Simulation,
  weeks: readonly GpuHours[],
  { fromMs, toMs }: Span,
): LabReport {
  const { tasks, hosts } = simulation
  const by = (of: (task: Task) => string) => {
    const groups = Map.groupBy(tasks, of)
    return new Map([...groups].map(([name, some]) => [name, waitsOf(some, toMs)] as const))
  }
  const byKind = by(({ job }) => job.kind)
  const free = hosts.reduce((sum, { host }) => sum + host.total.gpus * freeMs(host.here, host.gone, fromMs, toMs), 0)
  const lostMs = tasks.reduce((sum, { lostMs: lost, job }) => sum + (job.gpus === 0 ? 0 : lost), 0)
  const used = weeks.map((week) => [...week.used.values()].reduce((sum, hours) => sum + hours, 0))
  const usedHours = used.reduce((sum, hours) => sum + hours, 0)
  const shares = weeks.map((week) => sharesOf(lab, week))
  const mean = (errors: readonly number[]) =>
    errors.reduce((sum, error, at) => sum + (error * used[at]!) / usedHours, 0)
  const long = tasks.filter((task) => waitOf(task, toMs) > 3 * DAY_MS)
  return {
    usedPart: (usedHours * HOUR_MS - lostMs) / free,
    lostPart: lostMs / free,
    tasks: tasks.length,
    doneTasks: tasks.filter(({ endedMs }) => endedMs !== null).length,
    waits: waitsOf(tasks, toMs),
    byKind: new Map(KINDS.flatMap((kind) => (byKind.has(kind) ? [[kind, byKind.get(kind)!] as const] : []))),
    byAccount: by(({ job }) => job.account),
    byUser: by(({ job }) => job.user),
    accountError: mean(shares.map((week) => errorOf(week.byAccount))),
    userError: mean(shares.map((week) => errorOf(week.byUser))),
    visits: hosts.reduce((sum, host) => sum + host.visits, 0),
    suspended: tasks.reduce((sum, task) => sum + task.suspended, 0),
    vacated: tasks.reduce((sum, task) => sum + task.vacated, 0),
    lostHours: lostMs / HOUR_MS,
    waitedLong: long.length,
    starved: long.filter(({ job }) => shares.every((week) => isShort(week.byUser.get(job.user)))).length,
  }
}

/** GPU hours by user. */
export interface GpuHours {
  readonly used: ReadonlyMap<string, number>
  readonly asked: ReadonlyMap<string, number>
}

/** A part of what was used: what it was, and what it should have been. */
export interface SharePart {
  readonly used: number
  readonly fair: number
}

interface Claim {
  readonly name: string
  readonly shares: number
  readonly asked: number
}

/** Of each account and user what was used, and what their shares give them: what one does not ask for goes to the others of its level. */
function sharesOf({ accounts, people }: Lab, { used, asked }: GpuHours) {
  const usersOf = (account: string) => people.filter((one) => one.account === account).map(({ user }) => user)
  const sum = (of: ReadonlyMap<string, number>, users: readonly string[]) =>
    users.reduce((total, user) => total + (of.get(user) ?? 0), 0)
  const all = [...used.values()].reduce((total, hours) => total + hours, 0)
  const byAccount = new Map<string, SharePart>()
  const byUser = new Map<string, SharePart>()
  const claims = accounts.map(({ name, shares }) => ({ name, shares, asked: sum(asked, usersOf(name)) }))
  for (const [name, fairHours] of divide(all, claims)) {
    const users = usersOf(name)
    byAccount.set(name, { used: sum(used, users) / all, fair: fairHours / all })
    const mine = users.map((user) => ({ name: user, shares: 1, asked: asked.get(user) ?? 0 }))
    for (const [user, hours] of divide(fairHours, mine))
      byUser.set(user, { used: (used.get(user) ?? 0) / all, fair: hours / all })
  }
  return { byAccount, byUser }
}

/** By shares, and to nobody more than asked for. */
function divide(hours: number, claims: readonly Claim[]): ReadonlyMap<string, number> {
  const parts = new Map<string, number>()
  let left = hours
  let open = [...claims]
  while (open.length > 0) {
    const shares = open.reduce((sum, one) => sum + one.shares, 0)
    const each = left / shares
    const modest = open.filter((one) => one.asked <= each * one.shares)
    if (modest.length === 0) {
      for (const one of open) parts.set(one.name, each * one.shares)
      break
    }
    for (const { name, asked } of modest) {
      parts.set(name, asked)
      left -= asked
    }
    open = open.filter((one) => !modest.includes(one))
  }
  return parts
}

function isShort(part: SharePart | undefined): boolean {
  return part !== undefined && part.used < 0.75 * part.fair
}

/** Half the sum of all differences. */
function errorOf(parts: ReadonlyMap<string, SharePart>): number {
  return [...parts.values()].reduce((sum, { used, fair }) => sum + Math.abs(used - fair), 0) / 2
}

function waitsOf(tasks: readonly Task[], toMs: number): Waits {
  const waits = tasks.map((task) => waitOf(task, toMs)).sort((a, b) => a - b)
  const at = (part: number) => waits[Math.max(0, Math.ceil(waits.length * part) - 1)] ?? 0
  return { tasks: tasks.length, medianMs: at(0.5), p90Ms: at(0.9), longestMs: at(1) }
}

function waitOf({ firstStartMs, job }: Task, toMs: number): number {
  return (firstStartMs ?? toMs) - job.submittedMs
}

/** How long a Mac is there and nobody sits at it. */
function freeMs(here: readonly Span[], gone: readonly Span[], fromMs: number, toMs: number): number {
  const within = (spans: readonly Span[]) =>
    spans.reduce((sum, span) => sum + Math.max(0, Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs)), 0)
  return toMs - fromMs - within(here) - within(gone)
}
