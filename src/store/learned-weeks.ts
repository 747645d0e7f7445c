import type { HostId } from "../protocol/ids.ts"
import type { WeeklyPresence } from "../scheduler/forecast/weekly-presence.ts"
import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["learned_weeks"]

/** What was learned of when people are at a host. */
export interface LearnedWeek {
  readonly host: HostId
  /** Its owner did not turn it off. */
  readonly learns: boolean
  /** `null`: nothing yet. */
  readonly week: WeeklyPresence | null
}

/** One row for each host of which something was learned, or is not to be. */
export class LearnedWeekStore {
  readonly #put
  readonly #remove
  readonly #all

  constructor(database: Database) {
    this.#put = database.statement<Row>((q, v) =>
      q
        .insertInto("learned_weeks")
        .values({ host: v.host, learns: v.learns, week_json: v.week_json })
        .onConflict((c) => c.column("host").doUpdateSet({ learns: v.learns, week_json: v.week_json })),
    )
    this.#remove = database.statement<{ host: string }>((q, v) =>
      q.deleteFrom("learned_weeks").where("host", "=", v.host),
    )
    this.#all = database.statement<object, Row>((q) => q.selectFrom("learned_weeks").selectAll())
  }

  put({ host, learns, week }: LearnedWeek): void {
    this.#put.run({ host, learns: Number(learns), week_json: week === null ? null : weekText(week) })
  }

  remove(host: HostId): void {
    this.#remove.run({ host })
  }

  all(): LearnedWeek[] {
    return this.#all.all({}).map(({ host, learns, week_json }) => ({
      host: host as HostId,
      learns: learns === 1,
      week: week_json === null ? null : (JSON.parse(week_json) as WeeklyPresence),
    }))
  }
}

/** Seconds are exact enough, and a row is some two kilobytes. */
function weekText({ seenHours, hereHours, throughMs }: WeeklyPresence): string {
  const short = (hours: readonly number[]) => hours.map((each) => Math.round(each * 10_000) / 10_000)
  return JSON.stringify({ seenHours: short(seenHours), hereHours: short(hereHours), throughMs })
}
