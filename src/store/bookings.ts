import type { Booking } from "../protocol/booking.ts"
import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["bookings"]

/** Bookings by name. Those that are over stay until their name is used again or they are removed. */
export class BookingStore {
  readonly #put
  readonly #remove
  readonly #all
  /** What was read last of each: they are looked at in each pass, and seldom change. */
  #read = new Map<string, Booking>()

  constructor(database: Database) {
    this.#put = database.statement<Row>((q, v) =>
      q
        .insertInto("bookings")
        .values({ name: v.name, made_at: v.made_at, booking_json: v.booking_json })
        .onConflict((c) => c.column("name").doUpdateSet({ made_at: v.made_at, booking_json: v.booking_json })),
    )
    this.#remove = database.statement<Pick<Row, "name">>((q, v) => q.deleteFrom("bookings").where("name", "=", v.name))
    this.#all = database.statement<object, Row>((q) =>
      q.selectFrom("bookings").selectAll().orderBy("made_at").orderBy("name"),
    )
  }

  put(booking: Booking): void {
    this.#put.run({ name: booking.name, made_at: booking.madeAt, booking_json: JSON.stringify(booking) })
  }

  remove(name: string): void {
    this.#remove.run({ name })
  }

  /** The eldest first. The same object for the same booking as long as it does not change. */
  all(): readonly Booking[] {
    const rows = this.#all.all({})
    if (rows.length === 0) {
      this.#read.clear()
      return []
    }
    const read = new Map<string, Booking>()
    for (const { booking_json } of rows) {
      read.set(booking_json, this.#read.get(booking_json) ?? (JSON.parse(booking_json) as Booking))
    }
    this.#read = read
    return [...read.values()]
  }
}
