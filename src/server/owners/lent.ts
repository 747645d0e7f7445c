import { localTime, wallMsAt } from "../../base/zone-time.ts"
import { type LentSpan, lentFacts } from "../../presence/lent-facts.ts"
import type { LentFacts } from "../../presence/owner-folder.ts"
import { lastDaysText, mondayLine } from "../../presence/owner-folder.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { queueMessage } from "../notify/note.ts"

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DAYS_ON_PAGE = 30
const LAST_DAYS_FILE = "Last 30 days.txt"
const LOOK_MS = 60_000
/** When owners are told of the week before, by the clock of the Mac. */
const TOLD_AT_MS = 8 * HOUR_MS
/** A line that could not be told for so long is of no use any more. */
const TOLD_WITHIN_MS = 2 * DAY_MS

/** Sees to it, again and again until the server stops, that owners learn what their Macs were lent for. */
export async function watchLent(core: Core): Promise<void> {
  for (;;) {
    await core.clock.sleep(LOOK_MS, { signal: core.signal })
    const due = core.fleet.all().filter((host) => mondayDue(core, host) !== null || isPageDue(core, host))
    if (due.length === 0) continue
    try {
      await core.ledger.change(() => {
        for (const host of due) {
          if (core.fleet.get(host.record.id) !== host) continue
          tellWeek(core, host)
          if (isPageDue(core, host)) sendPage(core, host)
        }
      })
    } catch (error) {
      core.report("Cannot tell owners what their Macs were lent for; trying again", error)
    }
  }
}

/** Sends the page of the last days, for the owner's folder. Within a change. */
export function sendPage(core: Core, host: FleetHost): void {
  if (host.record.facts?.platform !== "darwin") return
  const now = core.clock.now()
  host.pageSentAt = now
  const facts = lentOn(core, host, { fromMs: now - DAYS_ON_PAGE * DAY_MS, toMs: now, timeZone: zoneOf(host) })
  core.ledger.send(host, { type: "owner-page", name: LAST_DAYS_FILE, text: lastDaysText(host.record.name, facts) })
}

/** Tells the owner each Monday, once, as an event and where the owner is told of jobs. Within a change. */
function tellWeek(core: Core, host: FleetHost): void {
  const due = mondayDue(core, host)
  if (due === null) return
  const { id, name, owner } = host.record
  const line = mondayLine(name, lentOn(core, host, due))
  core.fleet.update(host, { ...host.record, weekToldAt: due.toMs })
  core.ledger.hostChanged(host)
  core.ledger.event({ type: "host_lent", host: id, name, line })
  const targets = owner === null ? [] : core.notify.of(owner).filter(({ isDefault }) => isDefault)
  for (const target of targets) queueMessage(core, target, { reason: "lent", at: core.clock.now(), host: name, line })
}

/** The week that is to be told of; `null` when it was, or nobody is to be told. */
function mondayDue(core: Core, host: FleetHost): LentSpan | null {
  const { owner, consoleAccount, weekToldAt, createdAt } = host.record
  if (owner === null && consoleAccount === null) return null
  const now = core.clock.now()
  const timeZone = zoneOf(host)
  const today = localTime(timeZone, now)
  const monday = (week: number) =>
    wallMsAt(timeZone, { ...today, day: today.day - today.weekday + 7 * week }, TOLD_AT_MS)
  const last = monday(0) <= now ? 0 : -1
  const toMs = monday(last)
  if (now - toMs > TOLD_WITHIN_MS || createdAt > toMs || (weekToldAt ?? 0) >= toMs) return null
  return { fromMs: monday(last - 1), toMs, timeZone }
}

function isPageDue(core: Core, host: FleetHost): boolean {
  return host.channel !== null && host.pageSentAt !== null && core.clock.now() - host.pageSentAt >= DAY_MS
}

function lentOn(core: Core, { record }: FleetHost, span: LentSpan): LentFacts {
  // What was stopped when the span began was stopped a little before; nothing is stopped for a day.
  const asides = core.store.stepAsides.of(record.id, span.fromMs - DAY_MS)
  const attempts = core.store.stepAsides.ranOn(record.id, span.fromMs).map((ran) => ({
    user: ran.user,
    job: ran.job,
    startedMs: ran.startedAt,
    endedMs: ran.endedAt,
    stopped: [
      ...asides
        .filter(({ attempt }) => attempt === ran.attempt)
        .map(({ at, endedAt }) => ({ fromMs: at, toMs: endedAt })),
      // Also for other jobs, which ran there meanwhile.
      ...(core.store.usage.interval(ran.attempt)?.stops ?? []).map(([fromMs, toMs]) => ({ fromMs, toMs })),
    ],
  }))
  const stops = asides.map(({ at, reactionMs, vacated }) => ({ atMs: at, reactionMs, vacated }))
  return lentFacts(span, attempts, stops)
}

function zoneOf({ record, policy }: FleetHost): string {
  return policy.values.timeZone ?? record.facts?.timeZone ?? "UTC"
}
