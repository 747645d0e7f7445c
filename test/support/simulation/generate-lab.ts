import type { HostId } from "../../../src/protocol/ids.ts"
import { Random } from "../../faults/random.ts"
import { DAY_MS, GIB, HOUR_MS, type Lab, type LabHost, type LabPerson, MINUTE_MS, type Span } from "./lab.ts"

/** Memory of the Macs: some stand in a room of their own, some on desks, some are carried home. */
const SHARED_GIB = [192, 192, 96, 96, 64, 64]
const DESK_GIB = [32, 32, 32, 48, 64, 64, 64, 128]
const CARRIED_GIB = [36, 36, 36, 48, 48, 64]

/** A lab of 60 people in five groups with 20 Macs; whoever owns one comes and goes as people do at work. */
export function generateLab(seed: number, fromMs: number, toMs: number): Lab {
  const random = new Random(seed)
  const accounts = [
    { name: "vision", shares: 30 },
    { name: "language", shares: 25 },
    { name: "robots", shares: 20 },
    { name: "biology", shares: 15 },
    { name: "teaching", shares: 10 },
  ]
  const people = Array.from({ length: 60 }, (_, at): LabPerson => {
    const { name } = accounts[at % accounts.length]!
    // A few send most of the work; the small groups more than their shares.
    const weight = Math.exp(1.1 * normal(random)) * (name === "teaching" || name === "biology" ? 1.6 : 1)
    return { user: `user${at + 1}`, account: name, weight }
  })
  const owners = [...people].sort(() => random.next() - 0.5).map(({ user }) => user)
  const host = (name: string, memoryGib: number, owner: string | null, isCarried: boolean): LabHost => {
    const total = { memoryBytes: (memoryGib - 8) * GIB, gpus: 1, cores: memoryGib >= 96 ? 20 : 10 }
    const week = owner === null ? { here: [], gone: [] } : weekOf(random, fromMs, toMs, isCarried)
    return { id: name as HostId, owner, total, gpuMemoryBytes: Math.floor(0.75 * memoryGib * GIB), ...week }
  }
  return {
    accounts,
    people,
    timeZone: "UTC",
    hosts: [
      ...SHARED_GIB.map((gib, at) => host(`studio-${at + 1}`, gib, null, false)),
      ...DESK_GIB.map((gib, at) => host(`desk-${at + 1}`, gib, owners.pop()!, false)),
      ...CARRIED_GIB.map((gib, at) => host(`book-${at + 1}`, gib, owners.pop()!, true)),
    ],
  }
}

/** Days of one person: some weekdays always at home, hours that differ little, pauses, a rare evening, and days off. */
function weekOf(random: Random, fromMs: number, toMs: number, isCarried: boolean): Pick<LabHost, "here" | "gone"> {
  const isAtWork = Array.from({ length: 7 }, (_, day) => random.next() < (day < 5 ? 0.85 : 0.06))
  const arrives = 8.5 + 1.5 * random.next()
  const lasts = 7 + 2 * random.next()
  const takesHome = isCarried ? 0.6 : 0
  const here: Span[] = []
  const gone: Span[] = []
  let goneFromMs = isCarried ? fromMs : null
  for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs < toMs; dayMs += DAY_MS) {
    const weekday = (new Date(dayMs).getUTCDay() + 6) % 7
    if (random.next() < (isAtWork[weekday] === true ? 0.08 : 0.93)) continue
    let atMs = dayMs + (arrives + 0.5 * normal(random)) * HOUR_MS
    const leavesMs = atMs + (lasts + 0.7 * normal(random)) * HOUR_MS
    if (goneFromMs !== null && goneFromMs < atMs) gone.push({ fromMs: goneFromMs, toMs: atMs })
    goneFromMs = null
    while (atMs < leavesMs) {
      // At the Mac for a while, then at a meeting, in the laboratory, at table.
      const untilMs = Math.min(leavesMs, atMs + (20 + 160 * random.next()) * MINUTE_MS)
      here.push({ fromMs: atMs, toMs: untilMs })
      atMs = untilMs + (15 + 75 * random.next()) * MINUTE_MS
    }
    const lastMs = here.at(-1)!.toMs
    if (random.next() < takesHome) goneFromMs = lastMs + MINUTE_MS
    else if (random.next() < 0.1)
      here.push({ fromMs: dayMs + 20.5 * HOUR_MS, toMs: dayMs + (21 + random.next()) * HOUR_MS })
  }
  if (goneFromMs !== null) gone.push({ fromMs: goneFromMs, toMs })
  return { here: inOrder(here), gone }
}

function inOrder(spans: readonly Span[]): readonly Span[] {
  const joined: Span[] = []
  for (const span of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1)
    if (last !== undefined && span.fromMs <= last.toMs) {
      joined[joined.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, span.toMs) }
    } else joined.push(span)
  }
  return joined
}

/** Of the standard normal distribution (Box and Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}
