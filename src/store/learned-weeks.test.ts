import assert from "node:assert/strict"
import { test } from "node:test"
import type { HostId } from "../protocol/ids.ts"
import { Database } from "./database.ts"
import { LearnedWeekStore } from "./learned-weeks.ts"
import { migrate } from "./migrate.ts"

test("a database from before weeks were learned knows none, and keeps one for each host", () => {
  using database = new Database(":memory:")
  migrate(database, 18)
  migrate(database)
  const store = new LearnedWeekStore(database)
  assert.deepEqual(store.all(), [])
  const host = "h-1" as HostId
  const hours = Array.from({ length: 168 }, (_, hour) => hour / 7)
  store.put({ host, learns: true, week: { seenHours: hours, hereHours: hours, throughMs: 5 } })
  const [kept] = store.all()
  assert.deepEqual([kept?.host, kept?.learns, kept?.week?.throughMs], [host, true, 5])
  // To the tenth of a millihour.
  assert.ok(kept!.week!.seenHours.every((each, hour) => Math.abs(each - hours[hour]!) <= 0.00005))
  store.put({ host, learns: false, week: null })
  assert.deepEqual(store.all(), [{ host, learns: false, week: null }])
  store.remove(host)
  assert.deepEqual(store.all(), [])
})
