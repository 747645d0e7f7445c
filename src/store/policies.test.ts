import assert from "node:assert/strict"
import { test } from "node:test"
import { Database } from "./database.ts"
import { migrate } from "./migrate.ts"
import { PolicyStore } from "./policies.ts"

test("a database from before policies were stored has none, and takes one", () => {
  using database = new Database(":memory:")
  migrate(database, 14)
  migrate(database)
  const store = new PolicyStore(database)
  assert.equal(store.latest(), null)
  for (const version of [1, 2]) store.add({ version, text: `# ${version}\n`, appliedAt: version, appliedBy: "ada" })
  assert.deepEqual(store.latest(), { version: 2, text: "# 2\n", appliedAt: 2, appliedBy: "ada" })
})
