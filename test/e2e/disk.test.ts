import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import type { DoctorReport } from "../../src/protocol/api.ts"
import type { HostView } from "../../src/protocol/host.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })

async function hostSays(holds: (host: HostView) => boolean): Promise<HostView> {
  for (const end = AbortSignal.timeout(30_000); ; await delay(50, undefined, { signal: end })) {
    const { hosts } = await pool().api<{ hosts: HostView[] }>("GET", "/v1/hosts")
    if (hosts[0] !== undefined && holds(hosts[0])) return hosts[0]
  }
}

test("what Windfall holds on a host is told by kind, in host show and doctor", async () => {
  using sets = new ScratchFolder()
  sets.write({ numbers: "1".repeat(300_000) })
  assert.equal((await pool().windfall(["data", "add", "numbers", sets.path])).exitCode, 0)
  const count = ["sh", "-c", "wc -c < data/numbers/numbers"]
  const ran = await pool().windfall(["send", "-q", "--no-folder", "--data", "numbers", "--", ...count])
  assert.equal(ran.stdout.trim(), "300000", ran.stderr)
  const host = await hostSays(({ disk }) => (disk?.held.data ?? 0) >= 300_000)
  assert.ok(host.disk!.budgetBytes > 0)
  const shown = await pool().windfall(["host", "show", host.name])
  assert.match(shown.stdout, /^held +\d.* of at most \d+.* \(.*data 29\d KB/m)
  const told = await pool().api<DoctorReport>("GET", "/v1/doctor")
  const finding = told.findings.find(({ code }) => code === "held")
  assert.match(finding?.text ?? "", /^Windfall holds .* of at most /)
})
