import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { StoredDataView } from "../../src/protocol/data-api.ts"
import type { BlobHash, JobId } from "../../src/protocol/ids.ts"
import type { JobView } from "../../src/protocol/job.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { killIfThere } from "../support/kill-if-there.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const MB = 1024 * 1024
const SMALL_DISK_BYTES = 700 * MB
const MBIT = 40
const skip = (await findLabMode()) === "ports"
const pool = usePool({ hosts: [{}, {}, {}, { diskBytes: SMALL_DISK_BYTES }] })

test("four hosts get a model at once, each byte of which leaves the server once", { skip }, async () => {
  const { root, content } = await add("four", 24)
  const sentBefore = pool().lab.ownCable.sentBytes
  await shape(MBIT)
  try {
    const jobs = await Promise.all([1, 2, 3, 4].map((host) => send(`host${host}`, "four")))
    for (const { id } of jobs) assert.equal((await ended(id)).state, "succeeded")
  } finally {
    await shape(null)
  }
  for (const host of [0, 1, 2, 3]) assert.ok(weightsAt(host, root)?.equals(content))
  const sentBytes = (pool().lab.ownCable.sentBytes ?? 0) - (sentBefore ?? 0)
  if (sentBefore !== null) assert.ok(sentBytes < 2 * content.length, `${sentBytes}`)
})

for (const loss of ["its link cut", "its agent killed"] as const) {
  test(`hosts that get a model from each other go on when the one that passes it on is lost: ${loss}`, {
    skip,
  }, async () => {
    const { root, content } = await add(`lost-${loss.split(" ")[1]}`, 24)
    const name = `lost-${loss.split(" ")[1]}`
    await shape(MBIT)
    const [first] = pool().hosts
    try {
      // It is the first, so what others get comes through it.
      const { id } = await send("host1", name)
      await arriving(id)
      const others = await Promise.all(["host2", "host3"].map((host) => send(host, name)))
      for (const other of others) await arriving(other.id)
      if (loss === "its link cut") await first!.cut()
      else for (const pid of agents(0)) killIfThere(pid)
      for (const other of others) assert.equal((await ended(other.id)).state, "succeeded")
      for (const host of [1, 2]) assert.ok(weightsAt(host, root)?.equals(content))
      await first!.restore()
      assert.equal((await ended(id)).state, "succeeded")
      assert.ok(weightsAt(0, root)?.equals(content))
    } finally {
      await first!.restore()
      await shape(null)
    }
  })
}

test("a host that has the model and gives it at a trickle is left for the server", {
  skip,
  timeout: 200_000,
}, async () => {
  const { root, content } = await add("trickle", 12)
  const [first] = pool().hosts
  const { id } = await send("host1", "trickle")
  assert.equal((await ended(id)).state, "succeeded")
  // At that pace all of it takes more than three minutes, longer than a job is waited for here; 24 s show that it nearly stands.
  await first!.shape(0.5)
  try {
    const other = await send("host2", "trickle")
    assert.equal((await ended(other.id)).state, "succeeded")
    assert.ok(weightsAt(1, root)?.equals(content))
  } finally {
    await first!.shape(null)
  }
})

test("a host whose disk is full on the way says so; those that get it from there get it elsewhere, and nothing half stays", {
  skip,
}, async () => {
  const { root, content } = await add("full", 32)
  await shape(MBIT)
  try {
    const small = await send("host4", "full")
    await arriving(small.id)
    const other = await send("host1", "full")
    await arriving(other.id)
    pool().hosts[3]!.fillDisk()
    const failed = await ended(small.id)
    assert.equal(failed.state, "failed")
    assert.match(failed.reason ?? "", /full|room/)
    assert.equal((await ended(other.id)).state, "succeeded")
    assert.ok(weightsAt(0, root)?.equals(content))
    assert.equal(existsSync(join(dataFolder(3), "whole", root)), false)
    assert.deepEqual(readdirSync(join(dataFolder(3), "blobs", "tmp")), [])
  } finally {
    pool().hosts[3]!.freeDisk()
    await shape(null)
  }
})

/** Adds a model of one file, and returns what is in it. */
async function add(name: string, megabytes: number): Promise<{ readonly root: BlobHash; readonly content: Buffer }> {
  using folder = new ScratchFolder()
  const content = randomBytes(megabytes * MB)
  folder.write({ "model.gguf": content })
  const { exitCode, stdout, stderr } = await pool().windfall(["data", "add", name, folder.path, "--json"])
  assert.equal(exitCode, 0, stderr)
  return { root: (JSON.parse(stdout) as StoredDataView).versions.at(-1)!.root, content }
}

function send(host: string, name: string): Promise<JobView> {
  const data = [{ name, path: "model", version: null, root: null, bytes: 0 }]
  return pool().submit({ command: ["true"], data, host })
}

/** Some of the model has come. */
function arriving(id: JobId): Promise<unknown> {
  return pool().untilJob(id, ({ state, reason }) => state !== "starting" || /: [1-9]\d* %/.test(reason ?? ""))
}

function ended(id: JobId): Promise<JobView> {
  return pool().awaitJob(id)
}

async function shape(mbit: number | null): Promise<void> {
  for (const host of pool().hosts) await host.shape(mbit)
  if (pool().lab.ownCable.sentBytes !== null) await pool().lab.ownCable.shapeUplink(mbit)
}

function dataFolder(host: number): string {
  return join(pool().hosts[host]!.files, ".windfall", "servers", pool().server.id, "data")
}

function weightsAt(host: number, root: BlobHash): Buffer | undefined {
  const path = join(dataFolder(host), "trees", root, "model.gguf")
  return existsSync(path) ? readFileSync(path) : undefined
}

function agents(host: number): number[] {
  return pool()
    .hosts[host]!.processes()
    .filter(({ command }) => /agent\.mjs --root/.test(command))
    .map(({ pid }) => pid)
}
