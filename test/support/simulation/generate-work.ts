import { Random } from "../../faults/random.ts"
import { normal } from "./generate-lab.ts"
import { DAY_MS, GIB, HOUR_MS, type Lab, type LabJob, type LabPerson, MINUTE_MS, type WorkKind } from "./lab.ts"

interface KindRule {
  /** Of the person with the mean weight, on a working day. */
  readonly perDay: number
  readonly medianMs: number
  /** Of the logarithm. */
  readonly spread: number
  readonly longestMs: number
  readonly memoryGib: readonly number[]
  readonly hasLimit: number
  readonly hasCheckpoints: number
}

const RULES: Readonly<Record<WorkKind, KindRule>> = {
  interactive: {
    perDay: 1.6,
    medianMs: 9 * MINUTE_MS,
    spread: 0.9,
    longestMs: 2 * HOUR_MS,
    memoryGib: [4, 6, 8, 12, 16, 24],
    hasLimit: 0.8,
    hasCheckpoints: 0,
  },
  training: {
    perDay: 0.45,
    medianMs: 3.5 * HOUR_MS,
    spread: 1,
    longestMs: 60 * HOUR_MS,
    memoryGib: [8, 12, 16, 16, 20, 24, 24, 32, 40, 48, 72, 120],
    hasLimit: 0.45,
    hasCheckpoints: 0.6,
  },
  sweep: {
    perDay: 0.16,
    medianMs: 25 * MINUTE_MS,
    spread: 0.7,
    longestMs: 6 * HOUR_MS,
    memoryGib: [4, 8, 8, 12, 16, 20],
    hasLimit: 0.5,
    hasCheckpoints: 0.2,
  },
  cpu: {
    perDay: 0.5,
    medianMs: 30 * MINUTE_MS,
    spread: 1,
    longestMs: 12 * HOUR_MS,
    memoryGib: [2, 4, 8, 16],
    hasLimit: 0.5,
    hasCheckpoints: 0.1,
  },
}

export interface WorkOptions {
  /** 1: as much as the rules say. */
  readonly load: number
}

/** What the people of a lab send between these moments, in order of time: at their working hours, a little at weekends and in the evening. */
export function generateWork(seed: number, lab: Lab, fromMs: number, toMs: number, { load }: WorkOptions): LabJob[] {
  const random = new Random(seed)
  const mean = lab.people.reduce((sum, { weight }) => sum + weight, 0) / lab.people.length
  const most = Math.max(...lab.hosts.map(({ gpuMemoryBytes }) => gpuMemoryBytes))
  const jobs: Omit<LabJob, "id">[] = []
  for (let dayMs = fromMs; dayMs < toMs; dayMs += DAY_MS) {
    const weekday = (new Date(dayMs).getUTCDay() + 6) % 7
    for (const person of lab.people) {
      for (const kind of Object.keys(RULES) as WorkKind[]) {
        const expected = ((load * RULES[kind].perDay * person.weight) / mean) * (weekday < 5 ? 1.25 : 0.3)
        for (let left = poisson(random, expected); left > 0; left--) jobs.push(jobOf(random, kind, person, dayMs, most))
      }
    }
  }
  return jobs
    .filter(({ submittedMs }) => submittedMs < toMs)
    .sort((a, b) => a.submittedMs - b.submittedMs)
    .map((job, at) => ({ ...job, id: at + 1 }))
}

function jobOf(
  random: Random,
  kind: WorkKind,
  { user, account }: LabPerson,
  dayMs: number,
  most: number,
): Omit<LabJob, "id"> {
  const { medianMs, spread, longestMs, memoryGib, hasLimit, hasCheckpoints } = RULES[kind]
  const works = () => Math.max(MINUTE_MS, Math.min(longestMs, medianMs * Math.exp(spread * normal(random))))
  const isLate = kind !== "interactive" && random.next() < 0.25
  const submittedMs = wholeTenSeconds(dayMs + (isLate ? 17 + 6 * random.next() : 9 + 9 * random.next()) * HOUR_MS)
  // The tasks of a sweep are of one kind, and last nearly as long as each other.
  const oneMs = works()
  const tasks = kind === "sweep" ? random.between(4, 40) : 1
  const workMs = Array.from({ length: tasks }, () => wholeTenSeconds(oneMs * Math.exp(0.25 * normal(random))))
  const longest = Math.max(...workMs)
  // People ask for more than they need: up to four times as much. A few ask for too little.
  const asked = random.next() < 0.03 ? 0.8 : 1.1 + 2.9 * random.next() ** 2
  const limitMs = random.next() < hasLimit ? Math.ceil((longest * asked) / (15 * MINUTE_MS)) * 15 * MINUTE_MS : null
  return {
    kind,
    user,
    account,
    submittedMs,
    memoryBytes: Math.min(most, random.pick(memoryGib) * GIB),
    gpus: kind === "cpu" ? 0 : null,
    cores: kind === "cpu" ? random.pick([1, 2, 4]) : random.pick([1, 2, 2, 4]),
    limitMs,
    workMs,
    checkpointMs: random.next() < hasCheckpoints ? 20 * MINUTE_MS : null,
  }
}

function wholeTenSeconds(ms: number): number {
  return Math.max(1, Math.round(ms / 10_000)) * 10_000
}

/** Knuth's way: for small means. */
function poisson(random: Random, mean: number): number {
  const least = Math.exp(-mean)
  let count = 0
  for (let product = random.next(); product > least; product *= random.next()) count++
  return count
}
