/** An older copy of the server's data folder is put back while Macs and their owners have gone on. */
import assert from "node:assert/strict"
import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { HostView } from "../../src/protocol/host.ts"
import type { OwnerView } from "../../src/protocol/owner-api.ts"
import { ACCOUNT_HOME } from "../support/account-home.ts"
import { Child } from "../support/child.ts"
import { type Pool, startPool } from "../support/pool.ts"

const UNTIL_END = `${ACCOUNT_HOME}; echo up >>$A/starts; while [ ! -e $A/end ]; do sleep 0.05; done`

/** Copies the data folder, and returns what puts the copy back and starts the server on it. */
async function copyOf(pool: Pool): Promise<(until?: (host: HostView) => boolean) => Promise<void>> {
  await pool.server.stop()
  const copy = pool.scratch.at("copy")
  cpSync(pool.data, copy, { recursive: true })
  await pool.server.start()
  await pool.untilHost("host1", ({ link }) => link === "ready")
  return async (until = ({ link, presence }) => link === "ready" && presence !== null) => {
    await pool.server.kill9()
    rmSync(pool.data, { recursive: true })
    cpSync(copy, pool.data, { recursive: true })
    await pool.server.start()
    await pool.untilHost("host1", until)
  }
}

test("what waits in the older copy and runs by now does not run a second time, nor what must never", async () => {
  await using pool = await startPool({ hosts: 1 })
  const [host] = pool.hosts
  assert.ok(host !== undefined)
  await pool.windfall(["mac", "pause", "--host", "host1"])
  const runs = await pool.submit({ command: ["sh", "-c", UNTIL_END] })
  const never = await pool.submit({ command: ["true"], retry: { limit: 0, afterSilenceMs: null, once: true } })
  const plain = await pool.submit({ command: ["true"] })
  const putBack = await copyOf(pool)
  assert.equal((await pool.windfall(["mac", "resume", "--host", "host1"])).exitCode, 0)
  await pool.untilState(runs.id, "running")
  await pool.awaitJob(never.id)
  await putBack()
  // Nobody's word is lost: it was resumed since. What may run again runs.
  assert.equal((await pool.awaitJob(plain.id)).state, "succeeded")
  const held = await pool.job(runs.id)
  assert.equal(held.state, "held")
  assert.match(held.reason ?? "", /^held: the server.s database is an older copy, and it may have run already$/)
  assert.equal((await pool.job(never.id)).state, "held")
  const told = await pool.windfall(["events"])
  assert.match(told.stdout, new RegExp(`host1 has an attempt of a job of its number .*windfall release ${runs.id}`))
  assert.equal(host.processes().filter(({ command }) => command.includes("$A/starts")).length, 1)
  assert.equal((await pool.windfall(["release", `${never.id}`])).exitCode, 0)
  assert.equal((await pool.awaitJob(never.id)).state, "succeeded")
  // At the next contact it is known: what was released is not held again.
  await pool.server.restart()
  await pool.untilHost("host1", ({ link }) => link === "ready")
  await host.write("end", "")
  assert.equal((await pool.windfall(["release", `${runs.id}`])).exitCode, 0)
  assert.equal((await pool.awaitJob(runs.id)).state, "succeeded")
})

test("what owners and administrators have said since holds, and what only the server knew is missed aloud", async () => {
  await using pool = await startPool({ hosts: 1 })
  const mia = await pool.addUser("mia")
  const putBack = await copyOf(pool)
  const set = await pool.windfall(["host", "set", "host1", "--owner", "mia", "--console-account", "mia"])
  assert.equal(set.exitCode, 0, set.stderr)
  assert.equal((await pool.windfall(["mac", "pause", "--for", "3h"], { token: mia })).exitCode, 0)
  assert.equal((await pool.windfall(["mac", "rules", "who=mia", "never=12:00-13:30"], { token: mia })).exitCode, 0)
  const owner = () => pool.api<OwnerView>("GET", "/v1/hosts/host1/owner")
  await pool.untilHost("host1", ({ presence }) => presence?.obstacles[0]?.code === "paused")
  const { lever } = await owner()
  await putBack()
  assert.deepEqual((await owner()).lever, lever)
  const { id } = await pool.submit({ command: ["true"] })
  assert.equal((await pool.job(id)).state, "queued")
  const { stdout } = await pool.windfall(["events"])
  assert.match(stdout, /host set host1 --owner mia --console-account mia/)
})

test("a Mac that has left since has left, and gets no agent again", async () => {
  await using pool = await startPool({ hosts: 1 })
  const [host] = pool.hosts
  assert.ok(host !== undefined)
  const putBack = await copyOf(pool)
  const known = pool.scratch.at("known_hosts")
  writeFileSync(known, `host ${host.hostKey}\n`)
  const options = ["-o", `UserKnownHostsFile=${known}`, "-o", "HostKeyAlias=host", "-p", `${host.port}`]
  const login = ["-F", "/dev/null", "-i", host.identityFile, ...options, `${host.user}@${host.address}`]
  await using leave = new Child("ssh", [...login, "sh .windfall/leave --yes"])
  assert.equal((await leave.ended).exitCode, 0)
  await pool.untilHost("host1", ({ leaving }) => leaving?.phase === "left")
  await putBack(({ leaving, link }) => leaving?.phase === "left" || link === "ready")
  assert.equal((await pool.host("host1")).leaving?.phase, "left")
  assert.equal(existsSync(join(host.files, ".windfall")), false)
})
