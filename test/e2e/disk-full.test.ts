import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { promisify } from "node:util"
import { isFinal } from "../../src/protocol/job-state.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { ACCOUNT_HOME } from "../support/account-home.ts"
import { startPool } from "../support/pool.ts"
import { PoolServer } from "../support/pool-server.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { SmallDisk } from "../support/small-disk.ts"

const MIB = 1024 * 1024
const ROOT = join(import.meta.dirname, "../..")
const skip = (await findLabMode()) === "ports" ? "this account may make no namespaces" : false

test("a full disk of the server holds a job's end up; with room again nothing of its output is missing", {
  skip,
}, async () => {
  await using disk = await SmallDisk.make(64 * MIB)
  await using pool = await startPool({ hosts: 1, server: { within: disk.within } })
  const host = pool.hosts[0]
  assert.ok(host)
  const script = `${ACCOUNT_HOME}; echo up; while [ ! -e $A/go ]; do sleep 0.02; done; head -c 3000000 /dev/zero; echo >$A/printed`
  const { id } = await pool.submit({ command: ["sh", "-c", script] })
  await pool.untilState(id, "running")
  await using attached = pool.start(["attach", `${id}`])
  await attached.says("up")
  disk.fill()
  await host.write("go", "")
  await pool.untilHost("host1", () => existsSync(join(host.files, "printed")))
  await pool.untilHost("host1", () => pool.server.stderr.includes("Cannot write output"))
  assert.equal(isFinal((await pool.job(id)).state), false, "what cannot be read yet has not ended")
  disk.free()
  const job = await pool.awaitJob(id)
  assert.equal(job.state, "succeeded")
  assert.equal((await pool.log(id)).length, 3_000_003)
  const { exitCode, stdoutBytes, stderr } = await attached.ended
  assert.equal(exitCode, 0, stderr)
  assert.equal(stdoutBytes.length, 3_000_003)
})

test("a server does not start on a full disk and says so; with room it starts", { skip }, async () => {
  using scratch = new ScratchFolder()
  await using disk = await SmallDisk.make(4 * MIB)
  await using server = new PoolServer(scratch, { within: disk.within }, [])
  disk.fill()
  await assert.rejects(server.start(), /"code":"disk_full","message":"Cannot .* on the disk that holds/)
  disk.free()
  await server.start()
})

test("who sends to a server with a full disk is told that it is the server's", { skip }, async () => {
  using project = new ScratchFolder()
  await using disk = await SmallDisk.make(64 * MIB)
  await using pool = await startPool({ hosts: 0, server: { within: disk.within } })
  project.write({ "large.bin": "x".repeat(MIB) })
  disk.fill()
  const send = async () => {
    const { exitCode, stderr } = await pool.windfall(["send", "--", "true"], { cwd: project.path })
    assert.equal(exitCode, 125, stderr)
    assert.match(stderr, /Cannot store what was sent: the server's disk is full\n {2}Who runs the server/)
  }
  await send()
  disk.free()
  assert.equal((await pool.windfall(["send", "--dry-run", "--", "true"], { cwd: project.path })).exitCode, 0)
  disk.fill()
  await send()
})

test("a server in the background whose words lie on a full disk stays, and goes on once there is room", {
  skip,
}, async () => {
  using home = new ScratchFolder()
  await using disk = await SmallDisk.make(64 * MIB)
  await using pool = await startPool({ hosts: 0 })
  const none = {
    XDG_DATA_HOME: undefined,
    WINDFALL_DATA: undefined,
    WINDFALL_URL: undefined,
    WINDFALL_TOKEN: undefined,
  }
  const env = { ...none, HOME: home.path }
  const windfall = (...args: string[]) => pool.windfall(args, { env })
  const up = [...disk.entry, join(ROOT, "windfall"), "up", "--detach", "--port", "0", "--data", "/mnt/data"]
  await promisify(execFile)(up[0]!, up.slice(1), { env: { ...process.env, ...env } })
  try {
    disk.fill()
    const refused = await windfall("key", "create", "app")
    assert.equal(refused.exitCode, 125, refused.stderr)
    assert.match(refused.stderr, /disk/)
    disk.free()
    assert.equal((await windfall("key", "create", "app")).exitCode, 0)
  } finally {
    disk.free()
    await windfall("down", "--now", "--data", "/mnt/data")
  }
})
