import assert from "node:assert/strict"
import { test } from "node:test"
import type { Booking } from "../protocol/booking.ts"
import { BookingStore } from "./bookings.ts"
import { Database } from "./database.ts"
import { migrate } from "./migrate.ts"

test("a database from before there were bookings has none, and takes some; what does not change stays the same object", () => {
  using database = new Database(":memory:")
  migrate(database, 17)
  migrate(database)
  const store = new BookingStore(database)
  assert.deepEqual(store.all(), [])
  const made = (name: string, madeAt: number) => ({ name, madeAt, skipped: [] as number[] }) as unknown as Booking
  store.put(made("later", 2))
  store.put(made("first", 1))
  const [first, later] = store.all()
  assert.deepEqual([first?.name, later?.name], ["first", "later"])
  store.put({ ...later!, skipped: [5] })
  assert.equal(store.all()[0], first)
  assert.deepEqual(store.all()[1]?.skipped, [5])
  store.remove("first")
  assert.deepEqual(
    store.all().map(({ name }) => name),
    ["later"],
  )
})
