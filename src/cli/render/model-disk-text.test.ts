import assert from "node:assert/strict"
import { test } from "node:test"
import { modelDiskText } from "./model-disk-text.ts"

test("what would go first stands on top, and what stays says why", () => {
  const one = (name: string, usedAt: number, stays: string | null) => ({
    name,
    user: "ada",
    repository: `lab/${name}`,
    bytes: 1024 ** 3,
    usedAt,
    stays,
  })
  const models = [one("served", 0, "served as chat"), one("late", 50_000, null), one("early", 40_000, null)]
  const text = modelDiskText({ heldBytes: 3 * 1024 ** 3, budgetBytes: null, models }, 100_000)
  const lines = text.trim().split("\n")
  assert.deepEqual(
    lines.slice(1, 4).map((line) => line.split(" ")[0]),
    ["early", "late", "served"],
  )
  assert.match(lines[1] ?? "", /lab\/early +1 GB +1m +may go for others/)
  assert.match(lines[3] ?? "", /stays: served as chat/)
  assert.match(lines[4] ?? "", /take 3 GB there and may take as much as its disk has/)
})
