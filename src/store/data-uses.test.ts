import assert from "node:assert/strict"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { DataStore } from "./data.ts"
import { DataUseStore } from "./data-uses.ts"
import { Database } from "./database.ts"
import { migrate, SCHEMA_VERSION } from "./migrate.ts"

test("a database from before uses were noted knows none of its data, and keeps those that come", () => {
  using scratch = new ScratchFolder()
  const database = new Database(scratch.at("windfall.db"))
  migrate(database, SCHEMA_VERSION - 1)
  const data = new DataStore(database)
  data.put({ name: "m", user: "ada", shared: false, createdAt: 1 })
  data.addVersion("m", { root: "a".repeat(64) as BlobHash, files: 1, bytes: 5, addedAt: 2 })
  migrate(database)
  const uses = new DataUseStore(database)
  assert.equal(uses.of("m"), 0)
  for (const at of [5, 7]) uses.put("m", at)
  assert.deepEqual([uses.of("m"), uses.of("n"), data.get("m")?.versions.length], [7, 0, 1])
  database.close()
})
