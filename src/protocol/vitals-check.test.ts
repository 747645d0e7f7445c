import assert from "node:assert/strict"
import { test } from "node:test"
import { checkAgentMessage } from "./agent-check.ts"
import { NO_VITALS, type Vitals } from "./vitals.ts"

const KNOWN: Vitals = {
  gpuBusyPercent: 97,
  gpuMemoryBytes: 4096,
  heat: "heavy",
  power: "battery",
  chargePercent: 100,
  charging: false,
  memoryAvailableBytes: 1,
  memoryPressure: "warning",
  swapUsedBytes: 0,
  load: 1.25,
}

test("how a host is may be known or unknown, field by field", () => {
  assert.ok(checkAgentMessage({ type: "vitals", vitals: KNOWN }))
  assert.ok(checkAgentMessage({ type: "vitals", vitals: NO_VITALS }))
  assert.deepEqual(Object.keys(NO_VITALS).sort(), Object.keys(KNOWN).sort())
})

test("what an agent says of how its host is, is looked at field by field", () => {
  const bad: Record<string, unknown>[] = [
    ...Object.keys(KNOWN).flatMap((field) => [{ [field]: undefined }, { [field]: {} }, { [field]: "\u001b[2J" }]),
    { gpuBusyPercent: 101 },
    { gpuBusyPercent: 3.5 },
    { chargePercent: -1 },
    { load: -1 },
    { load: Number.POSITIVE_INFINITY },
    { memoryAvailableBytes: -1 },
  ]
  for (const change of bad) {
    const message = { type: "vitals", vitals: { ...KNOWN, ...change } }
    assert.throws(() => checkAgentMessage(message), { code: "corrupt_data" }, JSON.stringify(change))
  }
  assert.throws(() => checkAgentMessage({ type: "vitals" }), { code: "corrupt_data" })
})
