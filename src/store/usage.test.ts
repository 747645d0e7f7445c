import assert from "node:assert/strict"
import { test } from "node:test"
import { Database } from "./database.ts"
import { migrate } from "./migrate.ts"
import { UsageStore } from "./usage.ts"

test("a database from before usage was recorded is brought on, and what runs there is recorded from then on", () => {
  using database = new Database(":memory:")
  migrate(database, 16)
  database.execute("INSERT INTO policies VALUES (1, '', 5, 'ada')")
  migrate(database)
  const store = new UsageStore(database)
  assert.deepEqual([store.firstMs(), store.recentCharges(), store.rules()], [null, [], []])
  const charge = { leaf: "a/ann/normal", charged: { units: 0.1 }, sum: { units: 0.30000000000000004 } }
  for (const [throughMs, whole] of [
    [1, false],
    [2, true],
    [3, false],
    [4, true],
    [5, false],
  ] as const)
    store.addCharge({ ...charge, throughMs, whole })
  // What is kept begins with a moment of which all is known.
  store.trimCharges(4)
  const left = database.rows("SELECT through_ms FROM usage_charges") as { through_ms: number }[]
  assert.deepEqual(
    left.map(({ through_ms }) => through_ms),
    [2, 3, 4, 5],
  )
  assert.deepEqual(store.recentCharges(), [
    { ...charge, throughMs: 4, whole: true },
    { ...charge, throughMs: 5, whole: false },
  ])
})
