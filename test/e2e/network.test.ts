import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { hashMachine } from "../../src/agent/hash-machine.ts"
import type { HostView } from "../../src/protocol/host.ts"
import { fingerprintOf } from "../../src/ssh/host-key.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { assertRefused } from "../support/assert-refused.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 2 })
const apart = (await findLabMode()) !== "ports"
const RATE = /^\S+ -> \S+ {2}[\d.]+ [GM]bit\/s {2}round trip [\d.]+ ms$/

async function show(name: string): Promise<HostView> {
  const { stdout, stderr } = await pool().windfall(["host", "show", name, "--json"])
  assert.notEqual(stdout, "", stderr)
  return JSON.parse(stdout) as HostView
}

test("two hosts and the server are measured with each other, both ways, and it is kept", { skip: !apart }, async () => {
  const between = await pool().windfall(["host", "bench", "host1", "host2", "--time", "1s"])
  assert.equal(between.exitCode, 0, between.stderr)
  const lines = between.stdout.trim().split("\n")
  assert.deepEqual(
    lines.map((line) => line.split("  ")[0]),
    ["host1 -> host2", "host2 -> host1"],
  )
  for (const line of lines) assert.match(line, RATE)
  const withServer = await pool().windfall(["host", "bench", "host1", "--json", "--time", "1s"])
  assert.equal(withServer.exitCode, 0, withServer.stderr)
  const found = withServer.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    found.map(({ from, to }) => [from, to]),
    [
      ["host1", "server"],
      ["server", "host1"],
    ],
  )
  for (const one of found) assert.ok(Number(one.mbps) > 0 && Number(one.bytes) > 0 && Number(one.bytes) < 1.1e9)

  await pool().server.kill9()
  await pool().server.start()
  const { measures } = await show("host1")
  assert.deepEqual(
    measures.map((measure) => measure.with),
    ["server", "host2"],
  )
  assert.ok(measures.every(({ toMbps, fromMbps }) => (toMbps ?? 0) > 0 && (fromMbps ?? 0) > 0))
  assert.match(
    (await pool().windfall(["host", "show", "host1"])).stdout,
    /measured +from server [\d.]+ [GM]bit\/s, to it/,
  )
})

test("what cannot be measured is refused in words", async () => {
  assertRefused(
    await pool().windfall(["host", "bench", "host1", "host1"]),
    /between host1 and itself/,
    /Name two hosts/,
  )
  assertRefused(await pool().windfall(["host", "bench", "nobody"]), /Cannot find the host "nobody"/)
})

test("a host says how it is on the network", { skip: !apart }, async () => {
  const { network } = await pool().untilHost("host1", (host) => host.network !== null)
  assert.ok(network?.kind === "ethernet" || network?.interface === null, JSON.stringify(network))
  assertRefused(await pool().windfall(["host", "set", "host1", "--wake", "maybe"]), /neither on nor off/)
  const { stdout } = await pool().windfall(["host", "set", "host1", "--wake", "on"])
  assert.match(stdout, /^host1: is (woken when|to be woken)/)
  assert.equal((await show("host1")).wake.isOn, true)
})

test("what names a machine never leaves it: the server has a hash that is its own", { skip: !apart }, async () => {
  const [host] = pool().hosts
  const id = (
    await pool().windfall(["send", "--no-folder", "-w", "host1", "--", "cat", "/etc/machine-id"])
  ).stdout.trim()
  assert.match(id, /^[0-9a-f]{32}$/)
  const files = ["windfall.db", "windfall.db-wal"].map((name) => join(pool().data, name)).filter(existsSync)
  const stored = Buffer.concat(files.map((file) => readFileSync(file)))
  const server = readdirSync(join(host!.files, ".windfall/servers"))[0] ?? ""
  assert.ok(stored.includes(hashMachine(server, id)))
  assert.ok(!stored.includes(id))
})

test("a host that is added under another address is known, and can be moved there; no other can", {
  skip: !apart,
}, async () => {
  const [host1, host2] = pool().hosts
  assert.ok(host1 !== undefined && host2 !== undefined)
  // The same machine, written as ssh takes it too.
  const number = host1.address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0)
  const moved = `${host1.user}@${number}`
  const port = ["--port", String(host1.port)]
  const key = ["--fingerprint", fingerprintOf(host1.hostKey)]
  const again = await pool().windfall(["host", "add", moved, ...port, ...key, "--name", "new"])
  assert.equal(again.exitCode, 2)
  assert.match(again.stderr, /in the pool already, as host1/)
  assert.match(again.stderr, /windfall host set host1 --address/)

  const other = ["host", "set", "host1", "--address", `${host2.user}@${host2.address}`, "--port", String(host2.port)]
  assertRefused(await pool().windfall(other), /nobody is here to confirm its key/)
  const confirmed = await pool().windfall([...other, "--fingerprint", fingerprintOf(host2.hostKey)])
  assertRefused(confirmed, /that is host2, by its host key/)

  const set = await pool().windfall(["host", "set", "host1", "--address", moved, ...port])
  assert.equal(set.stdout, `host1: is reached at ${moved} port ${host1.port}\n`, set.stderr)
  await pool().untilHost("host1", ({ address, link }) => address === moved && link === "ready")
  const ran = await pool().windfall(["send", "--no-folder", "-w", "host1", "--", "echo", "still", "itself"])
  assert.equal(ran.stdout, "still itself\n", ran.stderr)
})
