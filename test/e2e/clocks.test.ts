import assert from "node:assert/strict"
import { test } from "node:test"
import type { HostView } from "../../src/protocol/host.ts"
import type { OwnerView } from "../../src/protocol/owner-api.ts"
import { usePool } from "../support/use-pool.ts"

const HOUR_MS = 3_600_000
const pool = usePool({ hosts: 1, clocks: true })
const owner = () => pool().api<OwnerView>("GET", "/v1/hosts/host1/owner")
/** What the host itself has told since its last contact. */
const told = (code: string | null) =>
  pool().untilHost("host1", ({ link, presence }) => link === "ready" && ownCode(presence) === code)
const ownCode = (presence: HostView["presence"]) =>
  presence === null ? undefined : (presence.obstacles[0]?.code ?? null)

test("a pause said from elsewhere holds for two hours on a host whose clock is hours apart, and when that is set", async () => {
  const [host] = pool().hosts
  assert.ok(host !== undefined)
  pool().moveClock(host, 3 * HOUR_MS)
  const { id } = await pool().submit({ command: ["sh", "-c", "while :; do sleep 0.05; done"] })
  await pool().untilState(id, "running")
  const said = await pool().windfall(["mac", "pause", "--for", "2h", "--host", "host1"])
  assert.equal(said.exitCode, 0, said.stderr)
  await pool().untilState(id, "suspended")
  const { presence } = await told("paused")
  const until = presence?.obstacles[0]?.until ?? 0
  assert.ok(Math.abs(until - Date.now() - 2 * HOUR_MS) < 60_000, "in words of the server's clock")
  assert.ok(Math.abs((presence?.at ?? 0) - Date.now()) < 60_000)
  const { at } = (await owner()).lever.pauses.admin ?? {}

  // A time server has found the host; then its battery is dead, and it is 2001.
  for (const setMs of [0, -2 * HOUR_MS, Date.UTC(2001, 0, 1) - Date.now()]) {
    pool().moveClock(host, setMs)
    await pool().server.restart()
    await told("paused")
    assert.equal((await pool().job(id)).state, "suspended")
    assert.equal((await owner()).lever.pauses.admin?.at, at, "nobody has said anything since")
  }
  const events = await pool().windfall(["events"])
  assert.equal(events.stdout.match(/host1 paused until/g)?.length, 1, events.stdout)
  const resumed = await pool().windfall(["mac", "resume", "--host", "host1"])
  assert.equal(resumed.exitCode, 0, resumed.stderr)
  await pool().untilState(id, "running")
  pool().moveClock(host, 0)
  await pool().windfall(["stop", `${id}`])
})

test("a server whose clock is set on does not let a pause end before its time", async () => {
  const said = await pool().windfall(["mac", "pause", "--for", "2h", "--host", "host1"])
  assert.equal(said.exitCode, 0, said.stderr)
  await told("paused")
  pool().moveClock("server", 3 * HOUR_MS)
  await pool().server.restart()
  await told("paused")
  const { id } = await pool().submit({ command: ["true"] })
  const status = await pool().windfall(["mac", "status", "--host", "host1"])
  assert.match(status.stdout, /no job starts: paused/, status.stderr)
  assert.equal((await pool().job(id)).state, "queued")
  const until = (await owner()).lever.pauses.admin?.pause?.until ?? 0
  assert.equal(Math.round((until - Date.now()) / 60_000), 300, "it has it from the host, by its own clock")
  pool().moveClock("server", 0)
  await pool().server.restart()
  await told("paused")
  assert.equal((await pool().windfall(["mac", "resume", "--host", "host1"])).exitCode, 0)
  assert.equal((await pool().awaitJob(id)).state, "succeeded")
})
