import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import type { DoctorReport } from "../../src/protocol/api.ts"
import type { HostView } from "../../src/protocol/host.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { assertRefused } from "../support/assert-refused.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const skip = (await findLabMode()) === "ports" ? "this account may make no namespaces" : false
const MIB = 1024 * 1024
const pool = usePool({ hosts: skip === false ? [{}, { diskBytes: 640 * MIB }] : 1 })

async function hostSays(holds: (host: HostView) => boolean): Promise<HostView> {
  for (const end = AbortSignal.timeout(60_000); ; await delay(50, undefined, { signal: end })) {
    const { hosts } = await pool().api<{ hosts: HostView[] }>("GET", "/v1/hosts")
    if (hosts[0] !== undefined && holds(hosts[0])) return hosts[0]
  }
}

test("what Windfall holds on a host is told by kind, in host show and doctor", async () => {
  using sets = new ScratchFolder()
  sets.write({ numbers: "1".repeat(300_000) })
  assert.equal((await pool().windfall(["data", "add", "numbers", sets.path])).exitCode, 0)
  const count = ["sh", "-c", "wc -c < data/numbers/numbers"]
  const ran = await pool().windfall([
    "send",
    "-q",
    "--no-folder",
    "--host",
    "host1",
    "--data",
    "numbers",
    "--",
    ...count,
  ])
  assert.equal(ran.stdout.trim(), "300000", ran.stderr)
  const host = await hostSays(({ disk }) => (disk?.held.data ?? 0) >= 300_000)
  assert.ok(host.disk!.budgetBytes > 0)
  const shown = await pool().windfall(["host", "show", host.name])
  assert.match(shown.stdout, /^held +\d.* of at most \d+.* \(.*data 29\d KB/m)
  const told = await pool().api<DoctorReport>("GET", "/v1/doctor")
  const finding = told.findings.find(({ code }) => code === "held")
  assert.match(finding?.text ?? "", /^Windfall holds .* of at most /)
})

test("what a host may hold is set, told at once, kept across restarts, and put back", async () => {
  const windfall = (...args: string[]) => pool().windfall(args)
  const reckoned = (await hostSays(({ disk }) => disk !== null)).disk!.budgetBytes
  assertRefused(await windfall("host", "set", "host1", "--disk", "200"), /"200" has no unit/, /--disk SIZE/)
  assertRefused(await windfall("host", "set", "host1", "--disk", "5M"), /too little: at least 1 GB/, /--disk SIZE/)
  assertRefused(await windfall("host", "set", "host1"), /nothing was given/, /--disk 200G/)
  const set = await windfall("host", "set", "host1", "--disk", "2G")
  assert.equal(set.stdout, "host1: Windfall may hold at most 2 GB\n", set.stderr)
  const limited = await hostSays(({ disk }) => disk !== null && disk.budgetBytes !== reckoned)
  assert.equal(limited.disk?.budgetBytes, 2 * 1024 * MIB)
  assert.match((await windfall("host", "show", "host1")).stdout, /^disk limit +2 GB$/m)
  await pool().server.restart()
  const again = await hostSays(({ link, disk }) => link === "ready" && disk !== null)
  assert.deepEqual([again.disk?.budgetBytes, again.diskLimitBytes], [2 * 1024 * MIB, 2 * 1024 * MIB])
  assert.equal((await windfall("host", "set", "host1", "--disk", "default")).exitCode, 0)
  await hostSays(({ disk }) => disk !== null && disk.budgetBytes !== 2 * 1024 * MIB)
})

test("a server that was restarted knows what its hosts hold from their first word", async () => {
  await pool().server.kill9()
  await pool().server.start()
  const { disk } = await hostSays((host) => host.link === "ready" && host.disk !== null)
  assert.ok((disk?.held.data ?? 0) >= 300_000)
})

test("data for which a host may keep no room ends the job in words, and what fits still comes", { skip }, async () => {
  using sets = new ScratchFolder()
  sets.write({ "large/file": randomBytes(150 * MIB), "small/file": "fits\n" })
  for (const name of ["large", "small"]) {
    assert.equal((await pool().windfall(["data", "add", name, sets.at(name)])).exitCode, 0)
  }
  const send = (name: string) =>
    pool().windfall(["send", "--no-folder", "--host", "host2", "--data", name, "--", "cat", `data/${name}/file`])
  assert.equal((await send("small")).stdout, "fits\n")
  const refused = await send("large")
  assert.notEqual(refused.exitCode, 0)
  assert.match(refused.stderr, /Cannot make room for \d+ MB of data: Windfall may keep \d+ MB on this host now/)
  assert.equal((await send("small")).stdout, "fits\n")
})
