import assert from "node:assert/strict"
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import {
  type AttemptId,
  type BlobHash,
  type CodeId,
  type HostId,
  type JobId,
  makeId,
  type ServerId,
} from "../protocol/ids.ts"
import { DEFAULT_SPEC, type JobSpec } from "../protocol/job.ts"
import { AccountStore } from "./accounts.ts"
import { CodeStore } from "./codes.ts"
import { DataStore } from "./data.ts"
import { openDataFolder } from "./data-folder.ts"
import { Database, queryBuilder } from "./database.ts"
import { NO_LEFTOVERS, NO_NETWORK } from "./host-record.ts"
import { HostStore } from "./hosts.ts"
import { JobStore } from "./jobs.ts"
import { MeasureStore } from "./measures.ts"
import { inline, migrate, SCHEMA_VERSION } from "./migrate.ts"
import { start } from "./migrations/0001-start.ts"
import { NotifyStore } from "./notify.ts"
import { openStore } from "./store.ts"

let counter = 0
const newId = () => makeId<ServerId>("s", new Uint8Array(16).fill(++counter))

test("a store keeps the id of its first start", () => {
  using scratch = new ScratchFolder()
  const first = openStore(scratch.path, newId)
  const { server } = first
  first[Symbol.dispose]()
  using again = openStore(scratch.path, newId)
  assert.equal(again.server, server)
  assert.equal(statSync(scratch.at("windfall.db")).mode & 0o077, 0)
})

test("a database written by a later release is refused and left as it is", () => {
  using scratch = new ScratchFolder()
  const store = openStore(scratch.path, newId)
  store.database.execute(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`)
  store[Symbol.dispose]()
  assert.throws(() => openStore(scratch.path, newId), { code: "database_too_new" })
  using database = new Database(scratch.at("windfall.db"))
  assert.equal(database.schemaVersion, SCHEMA_VERSION + 1)
})

test("migrate() changes nothing the second time", () => {
  using database = new Database(":memory:")
  migrate(database)
  const tables = () => database.rows("SELECT sql FROM sqlite_schema ORDER BY name")
  const before = tables()
  migrate(database)
  assert.deepEqual(tables(), before)
})

test("a database of the version before is brought on with what is in it", () => {
  using scratch = new ScratchFolder()
  using database = new Database(scratch.at("windfall.db"))
  for (const statement of start(queryBuilder())) database.execute(inline(statement))
  database.execute(
    "INSERT INTO hosts VALUES ('h1', 'studio', 'a@b', NULL, NULL, 'default', '{}', 'key', 1, 5, NULL, 7); PRAGMA user_version = 1",
  )
  database.close()
  using store = openStore(scratch.path, newId)
  const [host] = store.hosts.list()
  assert.deepEqual([host?.name, host?.nextSequence, host?.leftovers], ["studio", 7, NO_LEFTOVERS])
  const missing = { bytes: 5, since: 1 }
  store.hosts.update({ ...host!, leftovers: { strays: [], missing } })
  assert.deepEqual(store.hosts.list()[0]?.leftovers.missing, missing)
})

test("a host stored before hosts could leave stays", () => {
  using database = new Database(":memory:")
  migrate(database, 5)
  database.execute(
    "INSERT INTO hosts VALUES ('h1', 'studio', 'a@b', NULL, NULL, 'default', '{}', 'key', 1, 5, NULL, 7, NULL)",
  )
  migrate(database)
  const store = new HostStore(database)
  const [host] = store.list()
  assert.ok(host !== undefined)
  assert.equal(host.leaving, null)
  assert.equal(host.diskLimitBytes, null)
  const leaving = { phase: "ending", by: "ada", since: 9, now: false } as const
  store.update({ ...host, leaving })
  assert.deepEqual(store.list()[0]?.leaving, leaving)
})

test("tokens made before tokens had a role may what their users may", () => {
  using database = new Database(":memory:")
  migrate(database, 3)
  database.execute("INSERT INTO users VALUES ('ada', 'admin', 1), ('bob', 'user', 1)")
  database.execute("INSERT INTO tokens VALUES ('t1', 'ada', 'a', 1, NULL), ('t2', 'bob', 'b', 2, NULL)")
  migrate(database)
  const accounts = new AccountStore(database)
  assert.deepEqual(
    accounts.tokens().map(({ user, role }) => [user, role]),
    [
      ["ada", "admin"],
      ["bob", "user"],
    ],
  )
})

test("a database from before codes has room for them", () => {
  using database = new Database(":memory:")
  migrate(database, 4)
  database.execute("INSERT INTO users VALUES ('ada', 'admin', 1)")
  migrate(database)
  const codes = new CodeStore(database)
  const code = {
    id: makeId<CodeId>("c", Buffer.alloc(16)),
    purpose: "user",
    about: "bob",
    detail: { role: "user" },
  } as const
  codes.add({ ...code, madeBy: "ada", createdAt: 1, expiresAt: 9, usedAt: null }, "hash")
  assert.deepEqual([codes.use(code.id, 5), codes.use(code.id, 6)], [true, false])
  assert.deepEqual(codes.byHash("hash"), { ...code, madeBy: "ada", createdAt: 1, expiresAt: 9, usedAt: 5 })
  codes.trim(9)
  assert.equal(codes.all().length, 1)
  new AccountStore(database).removeUser("ada")
  assert.equal(codes.all().length, 0)
})

test("a database from before there was data has none, and its jobs go on", () => {
  using database = new Database(":memory:")
  migrate(database, 6)
  database.execute("INSERT INTO jobs (id, user, state, spec_json, submitted_at) VALUES (1, 'ada', 'queued', '{}', 1)")
  migrate(database)
  const data = new DataStore(database)
  assert.deepEqual(data.list(), [])
  const root = "ab".repeat(32) as BlobHash
  data.put({ name: "mnist", user: "ada", shared: false, createdAt: 1 })
  assert.equal(data.addVersion("mnist", { root, files: 1, bytes: 2, addedAt: 3 }), 1)
  assert.ok(data.hasRoot(root))
  data.remove("mnist", 4)
  assert.deepEqual([data.get("mnist"), data.hasRoot(root)], [undefined, false])
  data.put({ name: "mnist", user: "bob", shared: true, createdAt: 5 })
  assert.equal(data.addVersion("mnist", { root, files: 1, bytes: 2, addedAt: 6 }), 2, "a number is given once")
  assert.deepEqual(new JobStore(database).get(1 as JobId)?.spec.data, [])
})

test("names of users who were removed before names were kept stay taken, as far as their jobs tell", () => {
  using database = new Database(":memory:")
  migrate(database, 2)
  database.execute("INSERT INTO users VALUES ('ada', 'admin', 1)")
  for (const [id, user] of ["ada", "bob", "bob"].entries()) {
    database.execute(
      `INSERT INTO jobs (id, user, state, spec_json, submitted_at) VALUES (${id}, '${user}', 'failed', '{}', 1)`,
    )
  }
  migrate(database)
  const accounts = new AccountStore(database)
  assert.equal(accounts.removedAt("ada"), undefined)
  assert.ok((accounts.removedAt("bob") ?? 0) > 1_500_000_000_000)
})

test("hosts of before keep all, and nothing is known of their network", () => {
  using database = new Database(":memory:")
  migrate(database, SCHEMA_VERSION - 1)
  database.execute(
    "INSERT INTO hosts (id, name, address, fleet, labels_json, host_key, draining, created_at, next_sequence) VALUES ('h1', 'mac', 'a@mac', 'default', '{}', 'k', 0, 1, 7)",
  )
  migrate(database)
  const hosts = new HostStore(database)
  const [host] = hosts.list()
  assert.equal(host?.nextSequence, 7)
  assert.equal(host.machine, null)
  assert.equal(host.network, NO_NETWORK)
  const network = { ...NO_NETWORK, wake: true }
  hosts.update({ ...host, machine: "ab", network })
  assert.deepEqual(hosts.list(), [{ ...host, machine: "ab", network }])
})

test("of measurements the last of each direction is kept, until an end goes", () => {
  using database = new Database(":memory:")
  migrate(database)
  const measures = new MeasureStore(database)
  const measure = { from: "h1", to: "h2", mbps: 940.5, roundTripMs: 0.4, bytes: 1e9, durationMs: 8_000, at: 5 }
  measures.put(measure)
  measures.put({ ...measure, mbps: 930, at: 6 })
  measures.put({ ...measure, from: "h2", to: "h1", at: 7 })
  assert.deepEqual(
    measures.of("h1").map(({ from, mbps, at }) => [from, mbps, at]),
    [
      ["h2", 940.5, 7],
      ["h1", 930, 6],
    ],
  )
  measures.dropOf("h2")
  assert.deepEqual(measures.of("h1"), [])
})

test("a job sent before jobs said whom to tell says nothing of it", () => {
  using database = new Database(":memory:")
  migrate(database, SCHEMA_VERSION - 1)
  const { notify: _, ...spec } = { ...DEFAULT_SPEC, command: ["true"] }
  database.execute("INSERT INTO users VALUES ('ada', 'admin', 1)")
  database.execute(
    `INSERT INTO jobs (id, user, state, spec_json, submitted_at) VALUES (1, 'ada', 'queued', '${JSON.stringify(spec)}', 1)`,
  )
  migrate(database)
  assert.deepEqual(new JobStore(database).get(1 as JobId)?.spec, { ...DEFAULT_SPEC, command: ["true"] })
  assert.deepEqual(new NotifyStore(database).targets(), [])
})

test("a job reads the same from the database as it was sent, to the letter", () => {
  using database = new Database(":memory:")
  migrate(database)
  const spec = JSON.stringify({ command: ["true"], ...DEFAULT_SPEC })
  database.execute("INSERT INTO users VALUES ('ada', 'admin', 1)")
  database.execute(
    `INSERT INTO jobs (id, user, state, spec_json, submitted_at) VALUES (1, 'ada', 'queued', '${spec}', 1)`,
  )
  assert.equal(JSON.stringify(new JobStore(database).get(1 as JobId)?.spec), spec)
})

test("a second server on a data folder is refused, naming the first; the folder is free when that ends", () => {
  using scratch = new ScratchFolder()
  const folder = openDataFolder(scratch.at("data"))
  assert.throws(
    () => openDataFolder(scratch.at("data")),
    (error: { code: string; message: string }) => {
      assert.equal(error.code, "data_folder_in_use")
      assert.match(error.message, new RegExp(`process id ${process.pid} `))
      return true
    },
  )
  folder[Symbol.dispose]()
  using again = openDataFolder(scratch.at("data"))
  assert.ok(existsSync(again.path))
  assert.equal(statSync(again.path).mode & 0o077, 0)
})

test("a transaction that throws leaves nothing behind", () => {
  using database = new Database(":memory:")
  migrate(database)
  const insert = database.statement<{ name: string }>((q, v) =>
    q.insertInto("users").values({ name: v.name, role: "user", created_at: 1 }),
  )
  assert.throws(() =>
    database.transaction(() => {
      insert.run({ name: "ada" })
      throw new Error("no")
    }),
  )
  assert.deepEqual(database.rows("SELECT name FROM users"), [])
  database.transaction(() => insert.run({ name: "bob" }))
  assert.equal(database.rows("SELECT name FROM users").length, 1)
})

test("all files of a data folder are closed to others, those of an earlier release too", () => {
  using scratch = new ScratchFolder()
  const data = scratch.at("data")
  const modes = () => readdirSync(data).map((name) => [name, statSync(join(data, name)).mode & 0o077])
  mkdirSync(data)
  writeFileSync(join(data, "lock"), "", { mode: 0o644 })
  using _folder = openDataFolder(data)
  using _store = openStore(data, newId)
  assert.deepEqual(
    modes().filter(([, others]) => others !== 0),
    [],
  )
  assert.ok(modes().length > 2)
})

test("a database from before jobs were known again has none that teach anything, and takes what comes", () => {
  using database = new Database(":memory:")
  migrate(database, 9)
  const spec: JobSpec = { ...DEFAULT_SPEC, command: ["train"] }
  database.execute("INSERT INTO users VALUES ('ada', 'admin', 1)")
  database.execute(
    `INSERT INTO jobs (id, user, state, spec_json, submitted_at, ended_at) VALUES (1, 'ada', 'succeeded', '${JSON.stringify(spec)}', 1, 2)`,
  )
  migrate(database)
  const jobs = new JobStore(database)
  const old = jobs.get(1 as JobId)
  assert.ok(old !== undefined)
  assert.deepEqual([jobs.peaksOf("ada", spec), jobs.crashes.of("ada", spec), old.learned], [[], [], undefined])
  const learned = { peakBytes: 5, runs: 1, leaseBytes: 6 }
  jobs.insert({ ...old, id: 2 as JobId, learned })
  jobs.update({ ...old, id: 2 as JobId, endedAt: 9 })
  assert.deepEqual(jobs.get(2 as JobId)?.learned, learned, "what was learned stays")
  const crash = { attempt: "a1" as AttemptId, host: "h1" as HostId, at: 3 }
  for (let i = 0; i < 2; i++) jobs.crashes.add("ada", spec, crash)
  assert.deepEqual(jobs.crashes.of("ada", spec), [{ host: "h1", times: 1 }], "an attempt crashes once")
  assert.deepEqual(new JobStore(database).crashes.of("ada", spec), [{ host: "h1", times: 1 }])
  assert.deepEqual(jobs.crashes.of("bob", spec), [])
})
