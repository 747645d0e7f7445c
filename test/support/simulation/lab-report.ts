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
  /** Of each account: its part of what was used, and the part that is its by shares, as far as it asked for it. */
  readonly shares: ReadonlyMap<string, { readonly used: number; readonly fair: number }>
  /** Half the sum of all differences between these: how much was used by others than those whose it was. */
  readonly shareError: number
  /** How often owners came to a Mac, jobs were stopped for one, and had to leave. */
  readonly visits: number
  readonly suspended: number
  readonly vacated: number
  readonly lostHours: number
  /** Tasks that waited for longer than three days. */
  readonly starved: number
}

export function reportOf(lab: Lab, simulation: Simulation, gpuHours: GpuHours, { fromMs, toMs }: Span): LabReport {
  const { tasks, hosts } = simulation
  const by = (of: (task: Task) => string) => {
    const groups = Map.groupBy(tasks, of)
    return new Map([...groups].map(([name, some]) => [name, waitsOf(some, toMs)] as const))
  }
  const byKind = by(({ job }) => job.kind)
  const free = hosts.reduce((sum, { host }) => sum + host.total.gpus * freeMs(host.here, host.gone, fromMs, toMs), 0)
  const lostMs = tasks.reduce((sum, { lostMs: lost, job }) => sum + (job.gpus === 0 ? 0 : lost), 0)
  const used = [...gpuHours.used.values()].reduce((sum, hours) => sum + hours, 0)
  const shares = sharesOf(lab, gpuHours)
  return {
    usedPart: (used * HOUR_MS - lostMs) / free,
    lostPart: lostMs / free,
    tasks: tasks.length,
    doneTasks: tasks.filter(({ endedMs }) => endedMs !== null).length,
    waits: waitsOf(tasks, toMs),
    byKind: new Map(KINDS.flatMap((kind) => (byKind.has(kind) ? [[kind, byKind.get(kind)!] as const] : []))),
    byAccount: by(({ job }) => job.account),
    byUser: by(({ job }) => job.user),
    shares,
    shareError: [...shares.values()].reduce((sum, one) => sum + Math.abs(one.used - one.fair), 0) / 2,
    visits: hosts.reduce((sum, host) => sum + host.visits, 0),
    suspended: tasks.reduce((sum, task) => sum + task.suspended, 0),
    vacated: tasks.reduce((sum, task) => sum + task.vacated, 0),
    lostHours: lostMs / HOUR_MS,
    starved: tasks.filter((task) => waitOf(task, toMs) > 3 * DAY_MS).length,
  }
}

/** GPU hours by account. */
export interface GpuHours {
  readonly used: ReadonlyMap<string, number>
  readonly asked: ReadonlyMap<string, number>
}

/** Of each account what was used, of its own and of what others left, and what its shares give it: what one does not ask for goes to the others. */
function sharesOf({ accounts }: Lab, { used, asked }: GpuHours): LabReport["shares"] {
  const all = [...used.values()].reduce((sum, hours) => sum + hours, 0)
  const fair = new Map<string, number>()
  let left = all
  let open = [...accounts]
  while (open.length > 0) {
    const shares = open.reduce((sum, one) => sum + one.shares, 0)
    const modest = open.filter((one) => (asked.get(one.name) ?? 0) <= (left * one.shares) / shares)
    if (modest.length === 0) {
      for (const one of open) fair.set(one.name, (left * one.shares) / shares)
      break
    }
    for (const { name } of modest) {
      fair.set(name, asked.get(name) ?? 0)
      left -= asked.get(name) ?? 0
    }
    open = open.filter((one) => !modest.includes(one))
  }
  return new Map(
    accounts.map(({ name }) => [name, { used: (used.get(name) ?? 0) / all, fair: (fair.get(name) ?? 0) / all }]),
  )
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
