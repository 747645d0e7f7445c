import { setImmediate } from "node:timers/promises"
import type * as z from "zod"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { JobId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { findJob } from "../arrays/find-target.ts"
import type { Caller } from "../auth/accounts.ts"
import type { Core } from "../core.ts"
import { Feed } from "../feed.ts"
import { maySeeCommand } from "../fleet/leftovers.ts"
import { viewOf } from "../jobs/job-view.ts"
import { leverSeenBy } from "../owners/said-for.ts"
import { event as eventAnswer, eventList } from "./answers/event-answers.ts"
import { job as jobAnswer } from "./answers/job-answers.ts"
import { type ApiRequest, type Route, route } from "./route.ts"
import { eventsQuery, jobEventsQuery } from "./schemas.ts"
import { SSE_HEADERS, STILL_HERE, serverEvent, streamed } from "./stream.ts"

const HEARTBEAT_MS = 15_000
const BATCH = 1_000
const LEAST_BATCH = 100
const DEFAULT_LIMIT = 10_000

export const eventRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/jobs/:id/events",
    summary:
      "The job as it is, and again whenever it changes, until it has ended and its outputs are settled; with noticesAfter also, as events `notice`, what was noted of it after event number N",
    item: jobAnswer,
    query: jobEventsQuery,
    produces: "text/event-stream",
    respond: (request) => {
      const { core, params, query } = request
      const { id } = findJob(core, params.id)
      return streamed(request, (gone) => jobChanges(request, id, query.noticesAfter, gone), { headers: SSE_HEADERS })
    },
  }),
  route({
    method: "GET",
    path: "/v1/events",
    summary:
      "What happened after event number N, as far as the caller may see it: the latest up to a limit, or with follow=true all of it and what comes",
    item: eventAnswer,
    answer: eventList,
    query: eventsQuery,
    produces: "application/json, text/event-stream",
    respond: async (request) => {
      const { core, caller, query, headers } = request
      if (query.follow) {
        const after = lastEventId(headers) ?? query.after
        return streamed(request, (gone) => eventsAfter(core, after, query.job, caller, gone), { headers: SSE_HEADERS })
      }
      return { events: await latestEvents(request, query) }
    },
  }),
]

/** @param after the event from whose number on notices are wanted; `undefined`: none are */
async function* jobChanges(
  { core, caller }: Pick<ApiRequest, "core" | "caller">,
  id: JobId,
  after: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let notices: WindfallEvent[] = after === undefined ? [] : noticesSoFar(core, id, after)
  let changed = true
  using feed = new Feed((onNews) => {
    const unlisten = core.followers.onJob(id, () => {
      changed = true
      onNews()
    })
    if (after === undefined) return unlisten
    const unlistenNotices = core.followers.onNotice(id, (notice) => {
      notices.push(notice)
      onNews()
    })
    return () => {
      unlisten()
      unlistenNotices()
    }
  }, signal)
  for (let news = true; !signal.aborted; news = (await feed.next(HEARTBEAT_MS)) === "news") {
    if (signal.aborted) return
    if (!news) {
      yield STILL_HERE
      continue
    }
    // As things are now: what is noted while this is taken is of the next turn, and so is a change.
    const view = changed ? viewOf(core, core.table.get(id), caller) : undefined
    const noted = notices
    notices = []
    changed = false
    for (const notice of noted) {
      const seen = asSeenBy(core, caller, notice)
      if (seen !== null) yield serverEvent("notice", seen)
    }
    if (view === undefined) continue
    yield serverEvent("job", view)
    if (isFinal(view.state) && view.outputs?.state !== "collecting") return
  }
}

function noticesSoFar(core: Core, job: JobId, after: number): WindfallEvent[] {
  const events = core.store.events.latest({ after, before: Number.MAX_SAFE_INTEGER, limit: BATCH, job })
  return events.filter(({ type }) => type === "notice").reverse()
}

/** The latest that the caller may see, oldest first. Read page by page, between which others have their turn. */
async function latestEvents(
  { core, caller, signal }: Pick<ApiRequest, "core" | "caller" | "signal">,
  { after, limit = DEFAULT_LIMIT, job }: z.output<typeof eventsQuery>,
): Promise<WindfallEvent[]> {
  const seen: WindfallEvent[] = []
  const page = Math.min(BATCH, Math.max(limit, LEAST_BATCH))
  let before = Number.MAX_SAFE_INTEGER
  for (;;) {
    const events = core.store.events.latest({ after, before, limit: page, job: job as JobId | undefined })
    for (const event of events) {
      const shown = asSeenBy(core, caller, event)
      if (shown !== null) seen.push(shown)
      if (seen.length === limit) return seen.reverse()
      before = event.sequence
    }
    if (events.length < page || signal.aborted) return seen.reverse()
    await setImmediate()
  }
}

async function* eventsAfter(
  core: Core,
  from: number,
  job: number | undefined,
  caller: Caller,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  using feed = new Feed((onNews) => core.followers.onEvents(onNews), signal)
  let after = from
  while (!signal.aborted) {
    const events = core.store.events.after(after, BATCH)
    for (const event of events) {
      after = event.sequence
      if (job !== undefined && !("job" in event && event.job === job)) continue
      const seen = asSeenBy(core, caller, event)
      if (seen !== null) yield serverEvent("event", seen, event.sequence)
    }
    if (events.length === BATCH) continue
    if ((await feed.next(HEARTBEAT_MS)) === "nothing") yield STILL_HERE
  }
}

/** What an EventSource says when it comes back after its connection was lost: the last event it had. */
function lastEventId(headers: Headers): number | undefined {
  const id = headers.get("last-event-id")
  return id !== null && /^\d{1,15}$/.test(id) ? Number(id) : undefined
}

/**
 * An event as this person may see it; `null` when not at all. Everybody sees what happens to jobs and hosts; who has which
 * token or secret is the user's own business, and so is what a job's processes and files are called.
 */
function asSeenBy(core: Core, caller: Caller, event: WindfallEvent): WindfallEvent | null {
  if (caller.role === "admin") return event
  switch (event.type) {
    case "user_changed":
    case "token_changed":
    case "secret_changed":
    case "notify_changed":
    case "data_changed":
      return event.user === caller.user ? event : null
    case "invite_changed":
      return event.purpose === "user" && event.about === caller.user ? event : null
    case "stray":
      return maySeeCommand(caller, event.user) ? event : { ...event, command: null }
    case "host_lever":
      return leverSeenBy(core, caller, event)
    case "notice":
      return event.job === null || core.table.get(event.job).user === caller.user ? event : null
    default:
      return event
  }
}
