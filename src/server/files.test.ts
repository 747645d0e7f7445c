import assert from "node:assert/strict"
import { existsSync, utimesSync } from "node:fs"
import { test } from "node:test"
import { exitsAtOnce, runsOn } from "../../test/support/simulated-host.ts"
import { makesOutputs, packed, treeOf } from "../../test/support/small-trees.ts"
import { TestServer } from "../../test/support/test-server.ts"
import type { DoctorReport, OutputList } from "../protocol/api.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { hashBytes } from "../workspace/hash.ts"
import { readPack } from "../workspace/pack.ts"
import { EMPTY_TREE, encodeTree } from "../workspace/tree.ts"
import { KEEP_LOOSE_BLOBS_MS } from "./limits.ts"
import { tidy } from "./retention.ts"

test("a workspace travels up once and down to the host; another user cannot refer to it", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = exitsAtOnce()
  const tree = treeOf({ "made.txt": "input" })
  const hashes = [...tree.blobs.keys()]
  const missing = () => server.call<{ missing: BlobHash[] }>("POST", "/v1/blobs/missing", { hashes })
  assert.equal((await missing()).missing.length, 3)
  const refused = await server.submit({ workspace: tree.root }).catch((error) => error)
  assert.deepEqual(refused.details, { missing: [tree.root] })
  assert.deepEqual(await server.call("POST", "/v1/blobs", await packed(tree)), { stored: 3 })
  assert.deepEqual(await missing(), { missing: [] })
  const { id } = await server.submit({ workspace: tree.root })
  assert.equal((await server.untilEnded(id)).state, "succeeded")
  assert.ok(host.blobs.has(tree.root))
  await server.call("POST", "/v1/users", { name: "bob", role: "user" })
  const { token } = await server.call<{ token: string }>("POST", "/v1/tokens", { user: "bob", expiresInMs: null })
  await assert.rejects(server.submit({ workspace: tree.root }, { token }), { code: "blobs_missing" })
})

test("doctor knows what workspaces take right after a start, too", async () => {
  await using server = await TestServer.start()
  await server.call("POST", "/v1/blobs", await packed(treeOf({ "made.txt": "x".repeat(300_000) })))
  const taken = async () => {
    const { findings } = await server.call<DoctorReport>("GET", "/v1/doctor")
    return findings.find(({ code }) => code === "files")?.text
  }
  const before = await taken()
  assert.match(before ?? "", /^workspaces and outputs take \d+ KB \(admin \d+ KB\)$/)
  await server.stop()
  await server.start()
  assert.equal(await taken(), before)
})

test("outputs are fetched from the host, kept, listed and given out blob by blob", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const tree = treeOf({ "made.txt": "made" })
  host.script = makesOutputs(tree)
  const { id } = await server.submit()
  const job = await server.untilEnded(id)
  assert.deepEqual(job.outputs, { state: "ready", tree: tree.root, files: 1, bytes: 4 })
  const list = await server.call<OutputList>("GET", `/v1/jobs/${id}/outputs`)
  assert.deepEqual(
    list.files.map(({ path, bytes }) => [path, bytes]),
    [["out/made.txt", 4]],
  )
  const hashes = [...tree.blobs.keys()]
  const answer = await server.request("POST", `/v1/jobs/${id}/outputs/fetch`, { hashes })
  const got = new Map<BlobHash, Uint8Array>()
  const sink = { write: (hash: BlobHash, bytes: Uint8Array) => void got.set(hash, bytes), begin: () => assert.fail() }
  assert.equal(await readPack(answer.body as AsyncIterable<Uint8Array>, sink), 3)
  const foreign = { hashes: [hashBytes(Buffer.from("something else"))] }
  await assert.rejects(server.call("POST", `/v1/jobs/${id}/outputs/fetch`, foreign), { code: "file_not_found" })
})

test("outputs that turn out damaged are lost, and the verdict stands", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const tree = treeOf({ "made.txt": "made" })
  host.script = (there, attempt) => {
    const bad = Buffer.from("not a tree")
    there.blobs.write(hashBytes(bad), bad)
    there.begin(attempt)
    attempt.outputs = { tree: hashBytes(bad), files: 1, bytes: 4 }
    there.finish(attempt, { exitCode: 0 })
  }
  assert.ok(tree)
  const { id } = await server.submit()
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.outputs?.state], ["succeeded", "lost"])
})

test("a small tree that stands for billions of folders stalls neither a listing nor retention", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const blobs = new Map<BlobHash, Uint8Array>()
  let root: BlobHash = EMPTY_TREE
  for (let level = 0; level < 40; level++) {
    const hash = root
    const bytes = encodeTree(["a", "b"].map((name) => ({ kind: "folder" as const, name, mode: 0o755, hash })))
    root = hashBytes(bytes)
    blobs.set(root, bytes)
  }
  host.script = makesOutputs({ root, blobs, files: {} })
  const { id } = await server.submit()
  assert.equal((await server.untilEnded(id)).outputs?.state, "ready")
  await assert.rejects(server.call("GET", `/v1/jobs/${id}/outputs`), { code: "too_large" })
  await tidy(server.running.core)
  assert.deepEqual(server.running.core.blobs.of("admin").blobs.missing(blobs.keys()), [])
})

test("a fetch of outputs cut off by the link goes on when it is back", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const tree = treeOf({ "made.txt": "made" })
  host.script = (there, attempt) => {
    makesOutputs(tree)(there, attempt)
    setImmediate(() => setImmediate(() => there.cut()))
  }
  const { id } = await server.submit()
  await server.until(id, ({ state, attempts }) => attempts[0]?.outOfContactSince != null || state === "succeeded")
  host.connect()
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.outputs?.state], ["succeeded", "ready"])
})

test("what was kept long enough is let go: outputs expire, and blobs nobody refers to", async () => {
  let now = Date.now()
  const clock = { now: () => now, monotonicMs: () => performance.now(), sleep: () => new Promise<void>(() => {}) }
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  const tree = treeOf({ "made.txt": "made" })
  host.script = makesOutputs(tree)
  const { id } = await server.submit()
  await server.untilEnded(id)
  const loose = treeOf({ "made.txt": "never sent as a job" })
  await server.call("POST", "/v1/blobs", await packed(loose))
  const { core } = server.running
  const { blobs } = core.blobs.of("admin")
  await tidy(core)
  assert.deepEqual(blobs.missing([...tree.blobs.keys(), ...loose.blobs.keys()]), [])
  for (const hash of loose.blobs.keys()) utimesSync(blobs.path(hash), 0, (now - KEEP_LOOSE_BLOBS_MS) / 1000 - 10)
  await tidy(core)
  assert.equal(blobs.missing(loose.blobs.keys()).length, 3)
  assert.equal((await server.job(id)).outputs?.state, "ready")
  now += core.limits.keepFilesMs + KEEP_LOOSE_BLOBS_MS + 1000
  await tidy(core)
  assert.equal((await server.job(id)).outputs?.state, "expired")
  assert.equal(blobs.missing(tree.blobs.keys()).length, 3)
  await assert.rejects(server.call("POST", `/v1/jobs/${id}/outputs/fetch`, { hashes: [] }), { code: "wrong_state" })
})

test("the output of a job can be read as a range, from an offset, as its last lines, and while it grows", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const { id } = await server.submit()
  await server.untilState(id, "running")
  const attempt = [...host.attempts.values()][0]!
  const follow = server.request("GET", `/v1/jobs/${id}/logs?stream=stdout&follow=true&from=4`)
  host.print(attempt, "stdout", "one\ntwo\n")
  host.print(attempt, "stdout", "three\n")
  host.finish(attempt, { exitCode: 0 })
  assert.equal(await (await follow).text(), "two\nthree\n")
  await server.untilEnded(id)
  const read = async (query: string, range?: string) => {
    const headers = range === undefined ? {} : { range }
    const response = await server.request("GET", `/v1/jobs/${id}/logs?stream=stdout${query}`, undefined, { headers })
    return [response.status, response.headers.get("content-range"), await response.text()]
  }
  assert.deepEqual(await read("", "bytes=4-6"), [206, "bytes 4-6/14", "two"])
  assert.deepEqual(await read("", "bytes=-6"), [206, "bytes 8-13/14", "three\n"])
  assert.equal((await read("", "bytes=14-"))[0], 416)
  assert.deepEqual(await read("&tail=1"), [200, null, "three\n"])
  assert.deepEqual(await read("&from=8"), [200, null, "three\n"])
  await assert.rejects(server.call("GET", `/v1/jobs/${id}/logs?attempt=2`), { code: "file_not_found" })
})

test("a stopped server leaves its database closed and whole", async () => {
  await using server = await TestServer.start()
  await server.stop()
  assert.equal(existsSync(server.folder.at("data", "windfall.db-wal")), false)
})
