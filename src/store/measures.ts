import type { NetworkMeasure } from "../protocol/network.ts"
import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["network_measures"]

/** The last measurement from one end to another. All writes happen within a change of the ledger. */
export class MeasureStore {
  readonly #put
  readonly #of
  readonly #dropOf

  constructor(database: Database) {
    this.#put = database.statement<Row>((q, v) =>
      q.replaceInto("network_measures").values({
        from_end: v.from_end,
        to_end: v.to_end,
        mbps: v.mbps,
        round_trip_ms: v.round_trip_ms,
        bytes: v.bytes,
        duration_ms: v.duration_ms,
        at: v.at,
      }),
    )
    this.#of = database.statement<{ end: string }, Row>((q, v) =>
      q
        .selectFrom("network_measures")
        .selectAll()
        .where((e) => e.or([e("from_end", "=", v.end), e("to_end", "=", v.end)]))
        .orderBy("at", "desc"),
    )
    this.#dropOf = database.statement<{ end: string }>((q, v) =>
      q.deleteFrom("network_measures").where((e) => e.or([e("from_end", "=", v.end), e("to_end", "=", v.end)])),
    )
  }

  /** Takes the place of the one before between these ends in this direction. */
  put(measure: NetworkMeasure): void {
    this.#put.run({
      from_end: measure.from,
      to_end: measure.to,
      mbps: measure.mbps,
      round_trip_ms: measure.roundTripMs,
      bytes: measure.bytes,
      duration_ms: measure.durationMs,
      at: measure.at,
    })
  }

  /** All from and to this end, latest first. */
  of(end: string): NetworkMeasure[] {
    return this.#of.all({ end }).map((row) => ({
      from: row.from_end,
      to: row.to_end,
      mbps: row.mbps,
      roundTripMs: row.round_trip_ms,
      bytes: row.bytes,
      durationMs: row.duration_ms,
      at: row.at,
    }))
  }

  dropOf(end: string): void {
    this.#dropOf.run({ end })
  }
}
