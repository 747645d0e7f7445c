import assert from "node:assert/strict"
import { test } from "node:test"
import { factsOf, NOW, STUDIO, shownHost, vitalsOf } from "../../../test/support/shown-hosts.ts"
import { hostPage } from "../commands/host-show.ts"
import { macFactPairs, vitalsPairs } from "./host-facts-text.ts"

test("all of a Mac is told, with its units", () => {
  assert.deepEqual(macFactPairs(STUDIO), [
    ["Mac", "Mac Studio (M3 Ultra, 2025)"],
    ["identifier", "Mac15,14"],
    ["form", "desktop"],
    ["chip", "Apple M3 Ultra"],
    ["kinds of cores", "24 Performance, 8 Efficiency"],
    ["GPU cores", "80"],
    ["GPU speed", "28.26 TFLOPS (FP32, by its chip)"],
    ["GPU may hold", "as much as macOS lets it (no limit was set)"],
    ["memory in all", "512 GB"],
    ["bandwidth", "819 GB/s (by its chip)"],
    ["macOS", "26.1"],
    ["build", "25B71"],
    ["can be a host", "yes"],
  ])
  const derived = new Map(macFactPairs(STUDIO, 384 * 1024 ** 3))
  assert.equal(derived.get("GPU may hold"), "384 GB, as macOS lets it (no limit was set)")
})

test("of what is not known the reason is told; of what was refused, why", () => {
  const unknown = [{ fact: "gpuCores", reason: "timed_out", text: "/usr/sbin/ioreg did not end in 2.5 s" }]
  const cores = [{ kind: null, count: 8 }]
  const mac = {
    ...STUDIO,
    gpuCores: null,
    cores,
    verdict: "refused",
    refusals: ["virtual_machine", "x"],
    unknown,
  } as const
  const told = new Map(macFactPairs({ ...mac, gpuWiredLimitMb: 393_216 }))
  assert.equal(told.get("GPU cores"), "unknown (timed_out): /usr/sbin/ioreg did not end in 2.5 s")
  assert.equal(told.get("kinds of cores"), "8 of a kind without a name")
  assert.equal(told.get("GPU may hold"), "384 GB, as set")
  assert.equal(told.get("can be a host"), "no: it is a virtual machine, x")
})

test("how a host is stands with its age, and what is not known is said to be so", () => {
  const known = {
    heat: "heavy",
    power: "battery",
    chargePercent: 64,
    charging: true,
    gpuBusyPercent: 98,
    load: 2,
  } as const
  const memory = {
    memoryAvailableBytes: 2 ** 33,
    memoryPressure: "warning",
    swapUsedBytes: 2 ** 30,
    gpuMemoryBytes: 0,
  } as const
  assert.deepEqual(vitalsPairs(vitalsOf({ ...known, ...memory }), NOW), [
    ["looked at", "20 s ago"],
    ["GPU in use", "98%, 0 B allocated"],
    ["heat", "hot"],
    ["power", "battery 64%, charging"],
    ["memory now", "8 GB available, pressure warning, 1 GB of swap in use"],
    ["load", "2.00"],
  ])
  const said = vitalsPairs(vitalsOf({}), NOW).slice(1)
  assert.ok(said.length === 5 && said.every(([, text]) => text === "unknown"))
  assert.deepEqual(vitalsPairs(null, NOW), [])
})

test("a host of an older agent is shown with what that told", () => {
  const facts = factsOf(null, { platform: "darwin", model: "Mac15,14", chip: "Apple M3 Ultra" })
  const page = hostPage(shownHost("mac-1", { facts }), NOW)
  assert.match(page, /^chip +Apple M3 Ultra\nmodel +Mac15,14\n/m)
  assert.match(hostPage(shownHost("mac-1"), NOW), /^kinds of cores +24 Performance, 8 Efficiency$/m)
})
