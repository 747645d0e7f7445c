/** Servers and versions: what happens when there are two, an older database, a newer one, another release. */
import assert from "node:assert/strict"
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { test } from "node:test"
import { buildAgent } from "../../scripts/build-agent.ts"
import type { WindfallError } from "../../src/protocol/errors.ts"
import { ACCOUNT_HOME } from "../support/account-home.ts"
import { startPool } from "../support/pool.ts"
import { PoolServer } from "../support/pool-server.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

test("a second server on one data folder ends at once and changes nothing", async () => {
  await using pool = await startPool({})
  await using second = pool.server.spawn(pool.data, 0)
  const { exitCode, stderr } = await second.ended
  assert.equal(exitCode, 2)
  assert.match(stderr, /data_folder_in_use/)
  assert.match(stderr, new RegExp(`\\b${pool.server.pid}\\b`))
  assert.equal((await pool.windfall(["ps"])).exitCode, 0)
})

test("a bind beyond loopback without TLS is refused", async () => {
  using scratch = new ScratchFolder()
  const server = new PoolServer(scratch, null, ["--host", "0.0.0.0"])
  await assert.rejects(server.start(), /unsafe_bind/)
})

test("a database written by a newer release is refused and left as it is", async () => {
  await using pool = await startPool({})
  await pool.submit({ command: ["true"] })
  await pool.server.stop()
  const path = join(pool.data, "windfall.db")
  const database = new DatabaseSync(path)
  database.exec("PRAGMA user_version = 9999")
  database.close()
  const before = readFileSync(path)
  await assert.rejects(pool.server.start(), /database_too_new/)
  assert.ok(readFileSync(path).equals(before))
})

test("a host belongs to one server; another gets it by --take-over, and only while nothing runs", async () => {
  await using other = await startPool({})
  const theirKey = readFileSync(join(other.data, "ssh/id_ed25519.pub"), "utf8").trim()
  await using pool = await startPool({ hosts: 1, authorizedKeys: [theirKey] })
  const [host] = pool.hosts
  assert.ok(host)
  await assert.rejects(other.join(host), (error: WindfallError) => {
    assert.equal(error.code, "host_claimed")
    assert.match(error.message, new RegExp(pool.server.id))
    return true
  })
  const { id } = await pool.submit({ command: ["sleep", "60"] })
  await pool.untilState(id, "running")
  await assert.rejects(other.join(host, { takeOver: true }), { code: "host_claimed" })
  assert.equal((await pool.job(id)).state, "running")
  await pool.api("POST", `/v1/jobs/${id}/stop`, { now: true })
  await pool.awaitJob(id)
  await other.join(host, { takeOver: true })
  const theirs = await other.submit({ command: ["true"] })
  assert.equal((await other.awaitJob(theirs.id)).state, "succeeded")
  const seen = await pool.untilHost("host1", ({ link }) => link === "refused")
  assert.match(seen.reason ?? "", new RegExp(other.server.id))
})

test("a restored older database shows attempts it does not know, and neither kills nor adopts them", async () => {
  await using pool = await startPool({ hosts: 1 })
  const [host] = pool.hosts
  assert.ok(host)
  const known = await pool.submit({ command: ["sh", "-c", "sleep 0.2; echo done"] })
  await pool.awaitJob(known.id)
  await pool.server.stop()
  const backup = pool.scratch.at("backup")
  cpSync(pool.data, backup, { recursive: true })
  await pool.server.start()
  const lost = await pool.submit({
    command: [
      "sh",
      "-c",
      `${ACCOUNT_HOME}; echo up >$A/alive; while [ ! -e $A/end ]; do sleep 0.05; done; echo out >$A/ended`,
    ],
  })
  await pool.untilState(lost.id, "running")
  await pool.server.kill9()
  rmSync(pool.data, { recursive: true })
  cpSync(backup, pool.data, { recursive: true })
  await pool.server.start()
  await pool.untilHost("host1", ({ link }) => link === "ready")
  assert.equal((await pool.job(known.id)).state, "succeeded")
  assert.equal(host.processes().filter(({ command }) => command.includes("$A/alive")).length, 1, "it runs on")
  const { stdout } = await pool.windfall(["doctor"])
  assert.match(stdout, /holds 1 attempt that .* does not know; it is left alone/)
  const there = /In ~(\S+) there: (\d+) \(job (\d+), ran when the host was last asked\)/.exec(stdout)
  assert.ok(there, stdout)
  assert.equal(Number(there[3]), lost.id)
  assert.ok(existsSync(join(host.files, there[1] ?? "", there[2] ?? "", "record")), stdout)
  assert.match(stdout, /windfall host drain host1/)
  const fresh = await pool.submit({ command: ["sh", "-c", "echo fresh"] })
  assert.equal((await pool.awaitJob(fresh.id)).state, "succeeded")
  assert.equal((await pool.log(fresh.id)).toString(), "fresh\n")
  await host.write("end", "")
})

test("an upgrade with jobs running: the new release's agent adopts them, no byte is lost", async () => {
  await using pool = await startPool({ hosts: 1, server: {} })
  const [host] = pool.hosts
  assert.ok(host)
  const { id } = await pool.submit({
    command: [
      "sh",
      "-c",
      `${ACCOUNT_HOME}; i=0; while [ ! -e $A/end ]; do i=$((i+1)); echo $i; sleep 0.01; done; echo $i >$A/count; exit 5`,
    ],
  })
  await pool.untilState(id, "running")
  const agentsBefore = agents(host.processes())
  await pool.server.stop()
  const bundle = pool.scratch.at("next/agent.mjs")
  mkdirSync(pool.scratch.at("next"))
  await buildAgent(bundle)
  writeFileSync(bundle, `${readFileSync(bundle, "utf8")}\n/* the next release */\n`)
  pool.server.settings = { agentBundle: bundle }
  await pool.server.start()
  await pool.untilHost("host1", ({ link }) => link === "ready")
  const agentsAfter = agents(host.processes())
  assert.equal(agentsAfter.length, 1)
  assert.notDeepEqual(agentsAfter, agentsBefore)
  await host.write("end", "")
  const job = await pool.awaitJob(id)
  assert.equal(job.exitCode, 5)
  assert.equal(job.attempts.length, 1)
  const count = Number(readFileSync(join(host.files, "count"), "utf8"))
  assert.equal((await pool.log(id)).toString(), Array.from({ length: count }, (_, i) => `${i + 1}\n`).join(""))
})

function agents(processes: readonly { readonly command: string }[]): string[] {
  return processes.flatMap(({ command }) => /agent\/([0-9a-f-]+)\/agent\.mjs/.exec(command)?.[1] ?? [])
}
