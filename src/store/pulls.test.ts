import assert from "node:assert/strict"
import { test } from "node:test"
import type { BlobHash, PullId } from "../protocol/ids.ts"
import { AccountStore } from "./accounts.ts"
import { Database } from "./database.ts"
import { migrate, SCHEMA_VERSION } from "./migrate.ts"
import type { PullRecord } from "./pull-record.ts"
import { PullStore } from "./pulls.ts"

const RECORD: PullRecord = {
  id: "p1" as PullId,
  user: "ada",
  name: "tiny",
  shared: null,
  hub: "https://hub.example/",
  secret: "HF_TOKEN",
  revision: "main",
  model: {
    repository: "lab/tiny",
    commit: "c".repeat(40),
    label: "Q8_0",
    files: [{ path: "tiny.gguf", bytes: 5, hash: { kind: "sha256", hex: "a".repeat(64) } }],
  },
  state: "pulling",
  reason: null,
  version: null,
  createdAt: 2,
  endedAt: null,
}
const blob = (letter: string) => letter.repeat(64) as BlobHash

function opened(database: Database): PullStore {
  migrate(database, SCHEMA_VERSION - 1)
  new AccountStore(database).addUser({ name: "ada", role: "user", createdAt: 1 })
  migrate(database)
  return new PullStore(database)
}

test("a database from before models were fetched has none; what is stored is read as it was, and goes with its user", () => {
  using database = new Database(":memory:")
  const pulls = opened(database)
  assert.deepEqual(pulls.list(), [])
  pulls.put(RECORD)
  assert.deepEqual(pulls.get(RECORD.id), RECORD)
  const done: PullRecord = { ...RECORD, shared: false, state: "done", version: 3, endedAt: 9 }
  pulls.put(done)
  pulls.put({ ...RECORD, id: "p2" as PullId, createdAt: 1 })
  assert.deepEqual(pulls.list(), [{ ...RECORD, id: "p2", createdAt: 1 }, done])
  pulls.trim(9)
  assert.equal(pulls.list().length, 2)
  pulls.trim(10)
  assert.deepEqual(
    pulls.list().map(({ id }) => id),
    ["p2"],
  )
  pulls.addChunk("ada", "sha256:x", 0, blob("a"), 1)
  pulls.putKnown("ada", "git:y", 5, blob("b"))
  new AccountStore(database).removeUser("ada")
  assert.deepEqual([pulls.list(), pulls.chunksOf("ada"), pulls.knownOf("ada")], [[], [], []])
})

test("of a file's chunks those count that have come from its beginning on", () => {
  using database = new Database(":memory:")
  const pulls = opened(database)
  for (const [position, letter] of ["a", "b", "", "d"].entries())
    if (letter !== "") pulls.addChunk("ada", "sha256:x", position, blob(letter), position)
  assert.deepEqual(pulls.chunks("ada", "sha256:x"), [blob("a"), blob("b")])
  assert.deepEqual(pulls.chunks("ada", "sha256:other"), [])
  pulls.dropChunks("ada", "sha256:x", 1)
  assert.deepEqual(pulls.chunksOf("ada"), [blob("a")])
  pulls.trimChunks(1)
  assert.deepEqual(pulls.chunksOf("ada"), [])
  pulls.putKnown("ada", "git:y", 5, blob("b"))
  assert.deepEqual(pulls.known("ada", "git:y"), { bytes: 5, blob: blob("b") })
  assert.equal(pulls.known("bob", "git:y"), undefined)
})
