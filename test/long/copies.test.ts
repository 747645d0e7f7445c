/** Two servers on copies of one data folder: hosts and jobs stay with one of them, and the other says so. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { LINK_TIMING } from "../../src/server/hosts/host-link.ts"
import type { LabHost } from "../lab/lab.ts"
import { ACCOUNT_HOME } from "../support/account-home.ts"
import { type Pool, startPool } from "../support/pool.ts"

const HURRIED = { timing: { ...LINK_TIMING, pingMs: 1_000, silenceMs: 3_000, doubledRetryMs: 500 } }

/** Gives a pool that has no hosts the data of another; its server is not started. Both servers are stopped meanwhile. */
async function copyData(from: Pool, to: Pool): Promise<void> {
  await Promise.all([from.server.stop(), to.server.stop()])
  rmSync(to.data, { recursive: true })
  cpSync(from.data, to.data, { recursive: true })
  cpSync(from.scratch.at("server.key"), to.scratch.at("server.key"))
  to.server.token = from.token
}

function agentPids(host: LabHost): number[] {
  return host.processes().flatMap(({ pid, command }) => (command.includes("agent.mjs --root") ? [pid] : []))
}

async function ready(pool: Pool): Promise<void> {
  for (const { name } of pool.hosts) await pool.untilHost(name, ({ link }) => link === "ready")
}

test("a server on a copied data folder stands aside: hosts, jobs and output stay with the first", async () => {
  await using pool = await startPool({ hosts: 2, server: HURRIED })
  await using copy = await startPool({ server: HURRIED })
  const [host1, host2] = pool.hosts as [LabHost, LabHost]
  // Both databases have these two: one that runs, and one that waits for a drained host.
  const running = await pool.submit({
    host: "host1",
    command: ["sh", "-c", `${ACCOUNT_HOME}; while [ ! -e $A/end ]; do echo tick; sleep 0.05; done; echo over`],
  })
  await pool.untilState(running.id, "running")
  await pool.api("POST", "/v1/hosts/host2/drain", {})
  const waiting = await pool.submit({ host: "host2", command: ["sh", "-c", `${ACCOUNT_HOME}; echo ran >>$A/ledger`] })
  await copyData(pool, copy)
  await pool.server.start()
  await ready(pool)
  const agents = [agentPids(host1), agentPids(host2)]
  await copy.server.start()
  assert.equal(copy.server.id, pool.server.id)
  await copy.api("POST", "/v1/hosts/host2/resume", {})
  for (const { name } of pool.hosts) {
    const { reason } = await copy.untilHost(
      name,
      (host) => host.link === "refused" && /stands aside/.test(host.reason ?? ""),
    )
    assert.match(reason ?? "", new RegExp(`in use at \\S+:${pool.data}$`))
  }
  for (const command of [["doctor"], ["events"], ["why", `${waiting.id}`], ["host", "ls"]]) {
    assert.match((await copy.windfall(command)).stdout, /stands aside/, command.join(" "))
  }
  assert.match((await copy.windfall(["events"])).stdout, /no job starts: .*stands aside.* since 20/)
  await assert.rejects(copy.join(host1, { name: "again" }), { code: "server_doubled" })
  await copy.api("DELETE", "/v1/hosts/host2")
  assert.ok(existsSync(join(host2.files, ".windfall/claim")), "what is removed at the copy stays the other's")
  assert.deepEqual([agentPids(host1), agentPids(host2)], agents, "the first server's agents are as they were")
  await pool.api("POST", "/v1/hosts/host2/resume", {})
  assert.equal((await pool.awaitJob(waiting.id)).state, "succeeded")
  assert.equal(readFileSync(join(host2.files, "ledger"), "utf8"), "ran\n")
  await host1.write("end", "")
  assert.equal((await pool.awaitJob(running.id)).state, "succeeded")
  assert.match((await pool.log(running.id)).toString(), /^(tick\n)+over\n$/)
  assert.equal((await copy.job(running.id)).state, "running", "the copy has learned nothing of it")
})

test("a data folder that moved has its hosts at once, and the old one stands aside when it is started again", async () => {
  await using pool = await startPool({ hosts: 1, server: HURRIED })
  await using moved = await startPool({ server: HURRIED })
  const host = pool.hosts[0] as LabHost
  const { id } = await pool.submit({
    command: ["sh", "-c", `${ACCOUNT_HOME}; while [ ! -e $A/end ]; do sleep 0.05; done; echo over`],
  })
  await pool.untilState(id, "running")
  await copyData(pool, moved)
  await moved.server.start()
  await moved.untilHost("host1", ({ link }) => link === "ready")
  assert.match((await moved.windfall(["events"])).stdout, /now has its hosts from .*before, it had them from/)
  await pool.server.start()
  const { reason } = await pool.untilHost("host1", ({ reason }) => /stands aside/.test(reason ?? ""))
  assert.match(reason ?? "", new RegExp(`in use at \\S+:${moved.data}$`))
  await host.write("end", "")
  assert.equal((await moved.awaitJob(id)).state, "succeeded")
  assert.equal((await moved.log(id)).toString(), "over\n")
  // And back again: what stands aside is the one only once the other has ended.
  await moved.server.stop()
  await pool.server.restart()
  await ready(pool)
  assert.equal((await pool.awaitJob((await pool.submit({ command: ["true"] })).id)).state, "succeeded")
})

test("a server whose place another took while it was away stands aside when it is back, without a new start", async () => {
  await using pool = await startPool({ hosts: 1, server: HURRIED, clocks: true })
  await using copy = await startPool({ server: HURRIED })
  const host = pool.hosts[0] as LabHost
  await copyData(pool, copy)
  copy.server.settings = pool.server.settings
  await pool.server.start()
  await ready(pool)
  process.kill(pool.server.pid, "SIGSTOP")
  try {
    await copy.server.start()
    await copy.untilHost("host1", ({ link }) => link === "refused")
    // By its own clock the host has not heard of the first server for a minute.
    pool.moveClock(host, 60_000, 60_000)
    await copy.untilHost("host1", ({ link }) => link === "ready")
  } finally {
    process.kill(pool.server.pid, "SIGCONT")
  }
  await pool.untilHost("host1", ({ reason }) => /stands aside/.test(reason ?? ""))
  const { id } = await copy.submit({ command: ["true"] })
  assert.equal((await copy.awaitJob(id)).state, "succeeded")
  const events = await copy.events()
  const links = events.filter((event) => event.type === "host_link").map((event) => event.link)
  assert.deepEqual(links.slice(links.lastIndexOf("ready")), ["ready"], "nobody took the host from it again")
})

test("a killed server has its hosts at once when started again, also while its old ssh link hangs", async () => {
  await using pool = await startPool({ hosts: 1 })
  const { id } = await pool.submit({
    command: ["sh", "-c", `${ACCOUNT_HOME}; while [ ! -e $A/end ]; do sleep 0.05; done; echo over`],
  })
  await pool.untilState(id, "running")
  const hanging = sshOf(pool.server.pid)
  assert.ok(hanging.length > 0)
  for (const pid of hanging) process.kill(pid, "SIGSTOP")
  try {
    const from = (await pool.events()).length
    await pool.server.kill9()
    await pool.server.start()
    await ready(pool)
    const told = (await pool.events()).slice(from)
    assert.ok(!told.some((event) => event.type === "host_link" && event.link !== "ready"), "it was never refused")
  } finally {
    for (const pid of hanging) process.kill(pid, "SIGKILL")
  }
  await (pool.hosts[0] as LabHost).write("end", "")
  assert.equal((await pool.awaitJob(id)).state, "succeeded")
})

/** The ssh processes of a server. */
function sshOf(server: number): number[] {
  const { stdout } = spawnSync("pgrep", ["-x", "-P", `${server}`, "ssh"], { encoding: "utf8" })
  return stdout.split("\n").filter(Boolean).map(Number)
}
