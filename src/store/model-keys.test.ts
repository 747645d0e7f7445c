import assert from "node:assert/strict"
import { test } from "node:test"
import type { KeyId } from "../protocol/ids.ts"
import { AccountStore } from "./accounts.ts"
import { Database } from "./database.ts"
import { migrate, SCHEMA_VERSION } from "./migrate.ts"
import { ModelKeyStore, type StoredKey } from "./model-keys.ts"
import { ModelUsageStore } from "./model-usage.ts"

const HOUR_MS = 3_600_000

test("a database from before there were keys has none, and its users get some, which go with them", () => {
  using database = new Database(":memory:")
  migrate(database, SCHEMA_VERSION - 3)
  const accounts = new AccountStore(database)
  accounts.addUser({ name: "ada", role: "user", createdAt: 1 })
  migrate(database)
  const keys = new ModelKeyStore(database)
  assert.deepEqual(keys.all(), [])
  const key: StoredKey = {
    id: "k1" as KeyId,
    user: "ada",
    name: "editor",
    models: ["tiny"],
    limit: { tokens: 5, per: "week" },
    createdAt: 2,
    expiresAt: null,
  }
  keys.add(key, "hash")
  keys.add({ ...key, id: "k2" as KeyId, models: null, limit: null, createdAt: 3 }, "hash2")
  assert.deepEqual(keys.byHash("hash"), key)
  assert.deepEqual(
    keys.all().map(({ id, models, limit }) => [id, models, limit]),
    [
      ["k1", ["tiny"], key.limit],
      ["k2", null, null],
    ],
  )
  keys.remove(key.id)
  assert.deepEqual([keys.has(key.id), keys.byHash("hash")], [false, undefined])
  accounts.removeUser("ada")
  assert.deepEqual(keys.all(), [])
})

test("usage of an hour is one row, and sums go from the hour that a moment is in", () => {
  using database = new Database(":memory:")
  migrate(database)
  const usage = new ModelUsageStore(database)
  const used = {
    user: "ada",
    key: "k1",
    model: "tiny",
    requests: 1,
    promptTokens: 10,
    cachedTokens: 4,
    completionTokens: 2,
    cutRequests: 0,
    guessedTokens: 1,
  }
  for (const at of [5, 10, HOUR_MS + 1]) usage.add(used, at)
  assert.deepEqual(usage.since(HOUR_MS - 1), [
    { ...used, requests: 3, promptTokens: 30, cachedTokens: 12, completionTokens: 6, guessedTokens: 3 },
  ])
  assert.deepEqual(usage.since(HOUR_MS), [used])
  assert.deepEqual(
    [usage.ofKey("k1", 0).tokens, usage.ofKey("k1", 2 * HOUR_MS - 1).tokens, usage.ofKey("k2", 0).tokens],
    [39, 13, 0],
  )
  assert.deepEqual([usage.hasUsed("ada"), usage.hasUsed("bob")], [true, false])
  usage.trim(HOUR_MS)
  assert.equal(usage.ofKey("k1", 0).tokens, 13)
})
