import { WindfallError } from "../protocol/errors.ts"
import type { WindfallEvent } from "../protocol/events.ts"
import type { JobView } from "../protocol/job.ts"
import type { Client } from "./client.ts"

/** What was noted of a job while it ran: that it listens behind a firewall, that its CPU work steps back, what could not be done. */
export type JobNotice = Extract<WindfallEvent, { readonly type: "notice" }>

const MOST = 1_000

/**
 * A job's notices, oldest first, and the number of the last event that was looked at. They only help: where they cannot be had
 * (somebody else's job, a server that is away), there are none.
 * @param after only what came after this event
 */
export async function noticesOf(
  client: Pick<Client, "get">,
  job: JobView["id"],
  after = 0,
): Promise<{ readonly notices: readonly JobNotice[]; readonly last: number }> {
  try {
    const query = { job, after, limit: MOST }
    const { events } = await client.get<{ events: WindfallEvent[] }>("/v1/events", { query })
    const notices = events.filter((event): event is JobNotice & WindfallEvent => event.type === "notice")
    return { notices, last: events.at(-1)?.sequence ?? after }
  } catch (error) {
    if (error instanceof WindfallError) return { notices: [], last: after }
    throw error
  }
}
