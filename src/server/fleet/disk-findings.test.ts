import assert from "node:assert/strict"
import { test } from "node:test"
import type { HostDisk } from "../../protocol/host-disk.ts"
import { diskFindings } from "./disk-findings.ts"
import type { FleetHost } from "./fleet-host.ts"

const GB = 1024 ** 3
const NOTHING = { workspaces: 0, data: 0, environments: 0, pythons: 0, packages: 0, models: 0, homes: 0 }

function findings(held: Partial<HostDisk["held"]>, budgetGb: number) {
  const disk: HostDisk = { budgetBytes: budgetGb * GB, held: { ...NOTHING, ...held } }
  return diskFindings({ record: { name: "mac1" }, disk } as FleetHost)
}

test("what is held is told, and a warning says what is in the way", () => {
  assert.deepEqual(diskFindings({ record: { name: "old" }, disk: null } as FleetHost), [])
  const [well] = findings({ data: 8 * GB, environments: GB }, 100)
  assert.deepEqual(
    [well?.level, well?.text],
    ["ok", "Windfall holds 9 GB of at most 100 GB (data 8 GB, environments 1 GB)"],
  )
  const [homes] = findings({ homes: 60 * GB }, 100)
  assert.equal(homes?.code, "homes_large")
  assert.match(homes?.text ?? "", /60 GB of it are people's HOMEs, which it never removes$/)
  assert.match(homes?.fix ?? "", /windfall shell --host mac1$/)
  const [over] = findings({ data: 30 * GB }, 20)
  assert.deepEqual([over?.code, over?.level], ["disk_over", "warning"])
  assert.equal(findings({}, 0)[0]?.level, "ok")
})
