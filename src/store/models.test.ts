import assert from "node:assert/strict"
import { test } from "node:test"
import type { JobId } from "../protocol/ids.ts"
import { AccountStore } from "./accounts.ts"
import { Database } from "./database.ts"
import { migrate, SCHEMA_VERSION } from "./migrate.ts"
import type { ModelRecord, ReplicaRecord } from "./model-record.ts"
import { ModelStore } from "./models.ts"

const MODEL: ModelRecord = {
  name: "tiny",
  user: "ada",
  data: "weights",
  version: 3,
  file: "a/b.gguf",
  options: {
    replicas: 2,
    engine: "llama.cpp",
    contextTokens: 4_096,
    slots: 4,
    kv: "q8_0",
    idleStopMs: null,
    pins: ["studio"],
    trustsNetwork: true,
    images: true,
    purpose: "embeddings",
    longestTokenBytes: null,
    knowsTools: true,
  },
  wanted: "serving",
  isAwake: false,
  generation: 2,
  reason: "why",
  createdAt: 5,
}
const REPLICA: ReplicaRecord = {
  model: "tiny",
  number: 1,
  state: "ready",
  generation: 2,
  job: 7 as JobId,
  losses: 1,
  notBefore: 8,
  readySince: 9,
  reason: null,
  plan: {
    mode: "single",
    members: [{ host: "h1", hostName: "studio", firstLayer: 0, layers: 4, needBytes: 10 }],
    network: null,
    tokensPerSecond: { low: 1, high: 2 },
  },
  sealedKey: new Uint8Array([1, 2, 3]),
}

test("a database from before there were models has none, and keeps those that come, with their replicas", () => {
  using database = new Database(":memory:")
  migrate(database, SCHEMA_VERSION - 2)
  const accounts = new AccountStore(database)
  accounts.addUser({ name: "ada", role: "user", createdAt: 1 })
  migrate(database)
  const models = new ModelStore(database)
  assert.deepEqual([models.list(), accounts.users().length], [[], 1])
  models.put(MODEL)
  models.putReplica(REPLICA)
  const second: ReplicaRecord = { ...REPLICA, number: 2, state: "idle", job: null, plan: null, sealedKey: null }
  models.putReplica(second)
  assert.deepEqual(models.get("tiny"), MODEL)
  assert.deepEqual(models.replicas("tiny"), [REPLICA, second])
  // What is said of a model leaves its replicas alone.
  models.put({ ...MODEL, wanted: "stopped", isAwake: true, reason: null })
  assert.deepEqual([models.list()[0]?.wanted, models.replicas("tiny").length], ["stopped", 2])
  models.dropReplica(second)
  models.putReplica({ ...REPLICA, losses: 4 })
  assert.deepEqual(
    models.replicas("tiny").map(({ number, losses }) => [number, losses]),
    [[1, 4]],
  )
  models.remove("tiny")
  assert.deepEqual([models.list(), models.replicas("tiny")], [[], []])
})
