import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { wasShutDown } from "./last-shutdown.ts"
import { panicText, parsePanicReport } from "./panic-report.ts"

const SAID = [
  'panic(cpu 6 caller 0xfffffe002a8c4f40): "completeMemory() prepare count underflow" @IOGPUMemory.cpp:550',
  "Debugger message: panic",
  "Memory ID: 0x6",
  "OS version: 25B71",
  "Panicked task 0xfffffe1b2f3c4d50: 12304 pages, 9 threads: pid 812: python3.12",
  "      Kernel Extensions in backtrace:",
  "         com.apple.iokit.IOGPUFamily(129.2)[A1B2C3D4-0000-3000-8000-000000000001]@0xfffffe002a8b0000->0xfffffe002a8e0000",
  "            dependency: com.apple.iokit.IOSurface(352.0.3)[A1B2C3D4-0000-3000-8000-000000000002]@0xfffffe00->0xfffffe01",
].join("\n")
const HEAD =
  '{"bug_type":"210","timestamp":"2026-11-20 10:12:13.00 +0100","os_version":"macOS 26.1 (25B71)","incident_id":"11111111-2222"}'
const JSON_REPORT = `${HEAD}\n${JSON.stringify({ build: "macOS 26.1 (25B71)", crashReporterKey: "AAAA-BBBB", panicString: SAID }, null, 2)}`

test("a panic's report is read to its sentence, its driver and the system, in JSON and in plain text", () => {
  const what = '"completeMemory() prepare count underflow" @IOGPUMemory.cpp:550'
  const driver = "com.apple.iokit.IOGPUFamily"
  assert.deepEqual(parsePanicReport(JSON_REPORT), { what, system: "macOS 26.1 (25B71)", driver })
  assert.deepEqual(parsePanicReport(SAID), { what, system: null, driver })
  assert.equal(panicText({ what: "it fell", system: "macOS 26.1", driver: null }), "it fell (macOS 26.1)")
})

test("nothing that names the machine or a place in memory is taken from it", () => {
  const said =
    "panic(cpu 0 caller 0xfffffe00): watchdog timeout: no checkins from watchdogd in 91 seconds at 0xfffffe1b2f3c4d50"
  const { what } = parsePanicReport(said)!
  assert.equal(what, "watchdog timeout: no checkins from watchdogd in 91 seconds at 0x...")
  assert.doesNotMatch(panicText(parsePanicReport(JSON_REPORT)!), /AAAA|1111|A1B2|fffffe|python/)
})

test("whatever is cut off or damaged gives a report or none, and never more than is there", () => {
  assert.equal(parsePanicReport(""), null)
  assert.equal(parsePanicReport('{"panicString" : "'), null)
  fc.assert(
    fc.property(fc.nat(JSON_REPORT.length), fc.nat(JSON_REPORT.length), fc.string(), (end, at, noise) => {
      const cut = JSON_REPORT.slice(0, end)
      const report = parsePanicReport(cut)
      if (report !== null)
        assert.ok('"completeMemory() prepare count underflow" @IOGPUMemory.cpp:550'.startsWith(report.what))
      parsePanicReport(JSON_REPORT.slice(0, at) + noise + JSON_REPORT.slice(at))
    }),
  )
})

test("an orderly shutdown is one that stands below the last start", () => {
  const start = "reboot time                                Thu Nov 26 09:14"
  const stop = "shutdown time                              Thu Nov 26 09:12"
  const old = "reboot    ~                         Mon Nov 23 08:00"
  assert.equal(wasShutDown([start, stop, old].join("\n")), true)
  assert.equal(wasShutDown([start, old, stop, "", "wtmp begins Sun Nov  1 10:00"].join("\n")), false)
  assert.equal(wasShutDown(`${start}\n\nwtmp begins Sun Nov  1 10:00\n`), null)
  assert.equal(wasShutDown("last: no such file"), null)
})
