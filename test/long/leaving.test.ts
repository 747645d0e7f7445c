import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import type { JobView } from "../../src/protocol/job.ts"
import { keyLine } from "../../src/protocol/key-line.ts"
import type { LabHost } from "../lab/lab.ts"
import { Child } from "../support/child.ts"
import { emptied } from "../support/hosts-bench.ts"
import { killIfThere } from "../support/kill-if-there.ts"
import { type Pool, startPool } from "../support/pool.ts"

const OWNERS_KEY = "ssh-ed25519 AAAAC3owners lena@laptop"
/** Says when it hears TERM, and takes a moment to end. */
const KIND = "trap 'echo asked; exit 0' TERM; echo begun; while :; do sleep 0.1; done"
/** Leaves group, session and parents at once. */
const DAEMON = "perl -MPOSIX -e 'exit if fork; setsid; exit if fork; exec qw(sleep 3600)'"
const DEAF = "trap '' TERM; echo begun; while :; do sleep 0.1; done"

describe("a host leaves", { timeout: 600_000 }, () => {
  it("as host rm says: jobs go on elsewhere, all is removed, and what went is listed", async () => {
    await using pool = await startPool({ hosts: 1 })
    const host = pool.hosts[0] as LabHost
    await giveKeys(pool, host)
    const { id } = await begun(pool, KIND)
    const refused = await pool.windfall(["host", "rm", host.name])
    assert.equal(refused.exitCode, 2)
    assert.match(refused.stderr, /job \d+ runs there\n +With --yes they are asked to end/)
    const { exitCode, stdout, stderr } = await pool.windfall(["host", "rm", host.name, "--yes"])
    assert.equal(exitCode, 0, stderr)
    for (const what of [
      "caches",
      "home folders of those who sent jobs",
      "Node and the agent",
      "key lines in ~/.ssh/authorized_keys: 1",
    ]) {
      assert.ok(stdout.includes(`  ${what}\n`), stdout)
    }
    assert.match(stdout, /host1 has left; nothing of Windfall is left there\n$/)
    assert.deepEqual(readdirSync(host.files), [".ssh"])
    assert.equal(readFileSync(join(host.files, ".ssh/authorized_keys"), "utf8"), `${OWNERS_KEY}\n`)
    await emptied(host)
    const job = await pool.job(id)
    assert.equal(job.state, "queued")
    assert.equal(job.attempts[0]?.cause, "preempted")
    assert.match((await pool.log(id, "stdout", 1)).toString(), /asked/)
    assert.deepEqual((await pool.api<{ hosts: [] }>("GET", "/v1/hosts")).hosts, [])
    const told = (await pool.events()).flatMap((event) => (event.type === "host_changed" ? [event.what] : []))
    assert.match(told.at(-1) ?? "", /^removed there: .*Node and the agent .*; nothing is left$/)
    // It may join again, as if it had never been there.
    await pool.join(host)
    await pool.windfall(["stop", `${id}`, "--now"])
  })

  it("when it is back, if it could not be reached, also after a restart of the server", async () => {
    await using pool = await startPool({
      hosts: 1,
      server: { timing: { pingMs: 300, silenceMs: 600, lastRetryMs: 500 } },
    })
    const host = pool.hosts[0] as LabHost
    const { id } = await begun(pool, DEAF)
    await host.cut()
    await pool.untilHost(host.name, ({ link }) => link === "down")
    const { exitCode, stdout } = await pool.windfall(["host", "rm", host.name, "--yes", "--now"])
    assert.equal(exitCode, 0)
    assert.match(
      stdout,
      /host1 is leaving and gets no more jobs, but cannot be cleaned now: .*\nIt is cleaned at the next contact/,
    )
    await pool.server.restart()
    assert.match((await pool.windfall(["host", "ls"])).stdout, /host1 +leaving/)
    await host.restore()
    await gone(pool, host.name)
    assert.deepEqual(readdirSync(host.files), [])
    assert.equal((await pool.job(id)).attempts[0]?.cause, "preempted")
    await pool.windfall(["stop", `${id}`])
  })

  it("as its owner says, without any server, and the server learns it", async () => {
    await using pool = await startPool({ hosts: 2 })
    const [host, other] = pool.hosts as [LabHost, LabHost]
    await giveKeys(pool, host)
    // As ssh-copy-id puts it there from a server's own file.
    const [type, key] = readFileSync(join(pool.data, "ssh/id_ed25519.pub"), "utf8").split(" ")
    const copied = `${type} ${key} windfall-${pool.server.id.slice(0, 8)}\n`
    await host.write(".ssh/authorized_keys", readFileSync(join(host.files, ".ssh/authorized_keys"), "utf8") + copied)
    const { id } = await begun(pool, KIND, host.name)
    const no = await atHome(pool, host, "sh .windfall/leave", "no\n")
    assert.equal(no.exitCode, 2)
    assert.match(no.stdout, /jobs that run here now are asked to end, and go on elsewhere: 1\n.*Nothing was changed/s)
    const { exitCode, stdout, stderr } = await atHome(pool, host, "sh .windfall/leave", "yes\n")
    assert.equal(exitCode, 0, stdout + stderr)
    assert.match(stdout, /asking job \d+ to end\nGone:\n.*Node and the agent \(\d+ [KM]B\)\n.*key lines/s)
    assert.match(stdout, /Looked again: nothing of Windfall is left here/)
    assert.deepEqual(readdirSync(host.files), [".ssh"])
    assert.equal(readFileSync(join(host.files, ".ssh/authorized_keys"), "utf8"), `${OWNERS_KEY}\n`)
    await emptied(host)
    const job = await pool.untilJob(id, ({ attempts }) => attempts[0]?.cause !== null)
    assert.equal(job.attempts[0]?.cause, "owner_policy")
    assert.match(job.attempts[0]?.message ?? "", /taken (?:it )?out of the pool/)
    await pool.untilHost(host.name, ({ leaving, link }) => leaving?.phase === "left" && link === "refused")
    assert.match(
      (await pool.windfall(["host", "ls"])).stdout,
      /host1 +left .*somebody there has taken it out of the pool/,
    )
    const told = (await pool.windfall(["doctor"])).stdout.split("\n").filter((line) => line.includes("host1"))
    assert.deepEqual(told, [
      "warning   host1: somebody there has taken it out of the pool",
      "          Forget it: windfall host rm host1",
    ])
    await pool.server.restart()
    await pool.untilHost(other.name, ({ link }) => link === "ready")
    assert.deepEqual(readdirSync(host.files), [".ssh"], "a restart puts nothing there again")
    await assert.rejects(pool.join(host, { name: "again" }), { code: "host_left" })
    assert.equal((await pool.windfall(["host", "rm", host.name])).exitCode, 0)
    await pool.join(host)
    await pool.windfall(["stop", `${id}`, "--now"])
  })

  it("also where its folder is a link to another disk: that is emptied, too", async () => {
    await using pool = await startPool({ hosts: 2, joinNone: true })
    const [host, other] = pool.hosts as [LabHost, LabHost]
    for (const one of [host, other]) {
      assert.equal((await atHome(pool, one, "mkdir disk && ln -s disk .windfall")).exitCode, 0)
      await pool.join(one)
    }
    const { exitCode, stdout } = await atHome(pool, host, "sh .windfall/leave --yes")
    assert.equal(exitCode, 0, stdout)
    assert.match(stdout, /Looked again: nothing of Windfall is left here/)
    const removed = await pool.windfall(["host", "rm", other.name, "--yes"])
    assert.equal(removed.exitCode, 0, removed.stderr)
    for (const one of [host, other]) assert.deepEqual(readdirSync(one.files), [])
  })

  it("also while the server is away: it finds nothing, and puts nothing there", async () => {
    await using pool = await startPool({ hosts: 1 })
    const host = pool.hosts[0] as LabHost
    const { id } = await begun(pool, KIND)
    await pool.server.kill9()
    const { exitCode, stdout } = await atHome(pool, host, "wf_fetch_s=0 sh .windfall/leave --yes")
    assert.equal(exitCode, 0, stdout)
    await pool.server.start()
    await pool.untilHost(host.name, ({ leaving }) => leaving?.phase === "left")
    assert.deepEqual(readdirSync(host.files), [])
    assert.equal((await pool.job(id)).attempts[0]?.cause, "owner_policy")
    await emptied(host)
    await pool.windfall(["stop", `${id}`])
  })

  it("also after a server forgot it without cleaning: the way out stays, and knows whose key line there is", async () => {
    await using pool = await startPool({ hosts: 1 })
    const host = pool.hosts[0] as LabHost
    await giveKeys(pool, host)
    await pool.api("DELETE", `/v1/hosts/${host.name}`)
    assert.ok(!existsSync(join(host.files, ".windfall/servers")))
    const { exitCode, stdout } = await atHome(pool, host, "sh .windfall/leave --yes")
    assert.equal(exitCode, 0, stdout)
    assert.deepEqual(readdirSync(host.files), [".ssh"])
    assert.equal(readFileSync(join(host.files, ".ssh/authorized_keys"), "utf8"), `${OWNERS_KEY}\n`)
  })

  it("also when the disk is full, with a job that runs", async () => {
    await using pool = await startPool({ hosts: [{ diskBytes: 640 * 1024 * 1024 }] })
    const host = pool.hosts[0] as LabHost
    await giveKeys(pool, host)
    const { id } = await begun(pool, KIND)
    host.fillDisk()
    const { exitCode, stdout, stderr } = await atHome(pool, host, "sh .windfall/leave --yes")
    assert.equal(exitCode, 0, stdout + stderr)
    assert.equal(stderr, "")
    assert.match(stdout, /Looked again: nothing of Windfall is left here/)
    assert.deepEqual(readdirSync(host.files).sort(), [".fill", ".ssh"])
    assert.equal(readFileSync(join(host.files, ".ssh/authorized_keys"), "utf8"), `${OWNERS_KEY}\n`)
    const job = await pool.untilJob(id, ({ attempts }) => attempts[0]?.cause !== null)
    assert.equal(job.attempts[0]?.cause, "owner_policy")
    await pool.windfall(["stop", `${id}`])
  })

  it("with a job on a Mac that is stopped as its owner is there: it hears, has its grace, and its daemon goes, too", async () => {
    await using pool = await startPool({ hosts: [{ kind: "mac" }], server: { labMacs: true } })
    const host = pool.hosts[0] as LabHost
    host.mac.owner("leaves", { idleMs: 3_600_000 })
    await pool.api("POST", `/v1/hosts/${host.name}/owner/rules`, { rules: { resume_after_idle: "1s" } })
    // It takes longer to end than something may be let go on before it is stopped again.
    const script = `${DAEMON}; trap 'echo asked; sleep 7; echo done; exit 0' TERM; echo begun; while :; do sleep 0.1; done`
    const { id } = await begun(pool, script, null, 30_000)
    host.mac.owner("works", { user: "lena" })
    await pool.untilState(id, "suspended")
    const { exitCode, stdout, stderr } = await atHome(pool, host, "sh .windfall/leave --yes")
    assert.equal(exitCode, 0, stdout + stderr)
    assert.match(stdout, /Looked again: nothing of Windfall is left here/)
    await emptied(host)
    const job = await pool.untilJob(id, ({ attempts }) => attempts[0]?.cause !== null)
    assert.deepEqual([job.state, job.attempts[0]?.cause], ["queued", "owner_policy"])
    assert.match((await pool.log(id, "stdout", 1)).toString(), /asked\ndone\n$/)
    await pool.windfall(["stop", `${id}`])
  })

  it("with such a job whose agent is gone", async () => {
    await using pool = await startPool({ hosts: [{ kind: "mac" }], server: { labMacs: true } })
    const host = pool.hosts[0] as LabHost
    host.mac.owner("leaves", { idleMs: 3_600_000 })
    const { id } = await begun(pool, `${DAEMON}; ${KIND}`)
    host.mac.owner("works", { user: "lena" })
    await pool.untilState(id, "suspended")
    await pool.server.kill9()
    for (const { pid } of host.processes().filter(({ command }) => command.includes("agent.mjs"))) killIfThere(pid)
    assert.ok(host.processes().some(({ command }) => command === "sleep 3600"))
    const { exitCode, stdout, stderr } = await atHome(pool, host, "wf_fetch_s=0 sh .windfall/leave --yes")
    assert.equal(exitCode, 0, stdout + stderr)
    await emptied(host)
    await pool.server.start()
    await pool.untilJob(id, ({ attempts }) => attempts[0]?.cause === "owner_policy")
    await pool.windfall(["stop", `${id}`])
  })

  it("with the folder that was made for its key, and what one that was killed has left beside it", async () => {
    await using pool = await startPool({ hosts: 1 })
    const host = pool.hosts[0] as LabHost
    const publicKey = readFileSync(join(pool.data, "ssh/id_ed25519.pub"), "utf8")
    await host.write(".ssh/authorized_keys", `${keyLine(publicKey, pool.server.id as never)}\n`)
    await host.write(".ssh/authorized_keys.windfall", "half")
    await host.write(".ssh/authorized_keys.windfall.4000000", "half")
    const { exitCode, stdout } = await atHome(pool, host, "sh .windfall/leave --yes")
    assert.equal(exitCode, 0, stdout)
    assert.deepEqual(readdirSync(host.files), [])
  })

  it("by a second run, where the first was killed half-way", async () => {
    await using pool = await startPool({ hosts: 1 })
    const host = pool.hosts[0] as LabHost
    await giveKeys(pool, host)
    const { id } = await begun(pool, DEAF)
    await using first = atHomeChild(pool, host, "exec sh .windfall/leave --yes")
    await first.says("asking job")
    const leave = host.everything().filter(({ command }) => command.startsWith("sh .windfall/leave"))
    assert.ok(leave.length > 0)
    for (const { pid } of leave) killIfThere(pid)
    await first.ended
    assert.ok(existsSync(join(host.files, ".windfall/leaving")))
    const { exitCode, stdout } = await atHome(pool, host, "sh .windfall/leave --yes")
    assert.equal(exitCode, 0, stdout)
    assert.deepEqual(readdirSync(host.files), [".ssh"])
    assert.equal(readFileSync(join(host.files, ".ssh/authorized_keys"), "utf8"), `${OWNERS_KEY}\n`)
    await emptied(host)
    assert.equal((await pool.untilJob(id, (job) => job.attempts[0]?.cause !== null)).attempts[0]?.cause, "owner_policy")
    await pool.windfall(["stop", `${id}`])
  })
})

/** The server's line as `host add` puts it, beside one of the owner's own. */
async function giveKeys(pool: Pool, host: LabHost): Promise<void> {
  const publicKey = readFileSync(join(pool.data, "ssh/id_ed25519.pub"), "utf8")
  await host.write(".ssh/authorized_keys", `${OWNERS_KEY}\n${keyLine(publicKey, pool.server.id as never)}\n`)
}

/** A job that has begun to print. */
async function begun(pool: Pool, script: string, host: string | null = null, graceMs = 1_500): Promise<JobView> {
  const { id } = await pool.submit({ command: ["sh", "-c", script], graceMs, host })
  await pool.untilState(id, "running")
  while (!(await pool.log(id)).includes("begun"));
  return pool.job(id)
}

/** The owner at her own Terminal: an ssh by the lab's key, which every host accepts. */
function atHomeChild(pool: Pool, host: LabHost, line: string, input = ""): Child {
  const known = pool.scratch.at(`known_hosts-${host.name}`)
  writeFileSync(known, `host ${host.hostKey}\n`)
  const options = ["-o", `UserKnownHostsFile=${known}`, "-o", "HostKeyAlias=host", "-p", `${host.port}`]
  const login = ["-F", "/dev/null", "-i", host.identityFile, ...options, `${host.user}@${host.address}`]
  return new Child("ssh", [...login, line], { input })
}

async function atHome(pool: Pool, host: LabHost, line: string, input = "") {
  await using child = atHomeChild(pool, host, line, input)
  return await child.ended
}

async function gone(pool: Pool, name: string): Promise<void> {
  while ((await pool.api<{ hosts: { name: string }[] }>("GET", "/v1/hosts")).hosts.some((host) => host.name === name)) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
