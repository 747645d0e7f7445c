import type { HostId } from "../../../src/protocol/ids.ts"
import { type ExpectedPresence, expectedPresence } from "../../../src/scheduler/forecast/expected-presence.ts"
import { learnPresence, noPresence, type PresenceLook } from "../../../src/scheduler/forecast/weekly-presence.ts"
import { DAY_MS, HOUR_MS, type Lab, type LabHost, MINUTE_MS } from "./lab.ts"
import { type HostView, plainView } from "./queue-strategy.ts"

/** Until so long before its owner is expected a host is like any other. */
const SOON_MS = 3 * HOUR_MS
/** More than any Mac has memory. */
const LAST = 10_000

/** Owners as they were seen since `sinceMs`, learned anew each midnight; a host whose owner is expected soon is taken last. */
export function learnedView(lab: Lab, sinceMs: number): HostView {
  const known = new Map<HostId, { hourMs: number; expected: readonly ExpectedPresence[]; isSoon: boolean }>()
  const weeks = new Map(lab.hosts.map(({ id }) => [id, noPresence(sinceMs)]))
  return (state, nowMs) => {
    const { id, owner } = state.host
    const plain = plainView(state, nowMs)
    if (owner === null) return plain
    const hourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS
    let found = known.get(id)
    if (found === undefined || found.hourMs !== hourMs) {
      const dayMs = Math.floor(nowMs / DAY_MS) * DAY_MS
      let week = weeks.get(id)!
      if (week.throughMs < dayMs) {
        week = learnPresence(week, looksAt(state.host, week.throughMs, dayMs), lab.timeZone)
        weeks.set(id, week)
      }
      const expected = expectedPresence(week, lab.timeZone, hourMs, hourMs + DAY_MS)
      found = { hourMs, expected, isSoon: expected.some(({ startMs }) => startMs <= nowMs + SOON_MS) }
      known.set(id, found)
    }
    return { weight: plain.weight + (found.isSoon ? LAST : 0), expected: found.expected }
  }
}

/** What was seen of an owner: there, with the time after which a Mac is idle, or not. Who is gone with the Mac is not seen. */
function looksAt({ here, gone }: LabHost, fromMs: number, toMs: number): PresenceLook[] {
  const looks: PresenceLook[] = []
  let atMs = fromMs
  const add = (untilMs: number, isHere: boolean | null) => {
    const endMs = Math.min(untilMs, toMs)
    if (endMs <= atMs) return
    if (isHere !== null) looks.push({ fromMs: atMs, toMs: endMs, isHere })
    atMs = endMs
  }
  const all = [
    ...here.map((span) => ({ ...span, toMs: span.toMs + 15 * MINUTE_MS, isHere: true as boolean | null })),
    ...gone.map((span) => ({ ...span, isHere: null })),
  ].sort((a, b) => a.fromMs - b.fromMs)
  for (const span of all) {
    add(span.fromMs, false)
    add(span.toMs, span.isHere)
  }
  add(toMs, false)
  return looks
}
