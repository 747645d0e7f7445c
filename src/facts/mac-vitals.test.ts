import assert from "node:assert/strict"
import { test } from "node:test"
import { NO_VITALS } from "../protocol/vitals.ts"
import type { MacOutput } from "./mac-output.ts"
import { readMacVitals } from "./mac-vitals.ts"

const IOREG = `+-o AGXAcceleratorG15X  <class AGXAcceleratorG15X, id 0x100000abc, registered, matched, active, busy 0 (12 ms), retain 30>
    {
      "PerformanceStatistics" = {"In use system memory (driver)"=0,"Alloc system memory"=21474836480,"Renderer Utilization %"=1,"Device Utilization %"=98,"In use system memory"=2048}
    }

`
const BATTERY =
  "Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1234567)\t64%; discharging; 3:06 remaining present: true\n"
const SYSCTL =
  "kern.memorystatus_vm_pressure_level: 2\nvm.swapusage: total = 2048.00M  used = 512.00M  free = 1536.00M  (encrypted)\nvm.loadavg: { 2.50 2.20 2.10 }\n"
/** 16 GiB in pages of 16 KiB: the queues have as many pages as are anonymous or of files. */
const VM_STAT = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                              100000.
Pages active:                            400000.
Pages inactive:                          300000.
Pages speculative:                       100000.
Pages throttled:                              0.
Pages wired down:                         90000.
Pages purgeable:                          10000.
"Translation faults":                 218850525.
Pages copy-on-write:                   11360665.
Pages zero filled:                    145853813.
Pages reactivated:                      7483439.
Pages purged:                           1540816.
File-backed pages:                       500000.
Anonymous pages:                         300000.
Pages stored in compressor:               30000.
Pages occupied by compressor:             20000.
Decompressions:                         4668445.
Compressions:                           6377731.
Pageins:                                5708256.
Pageouts:                                 51709.
Swapins:                                      0.
Swapouts:                                     0.
`

function outputs(change: Readonly<Record<string, string>> = {}): MacOutput[] {
  const texts = {
    ioreg: IOREG,
    "pmset-g-batt": BATTERY,
    notifyutil: "com.apple.system.thermalpressurelevel 2\n",
    sysctl: SYSCTL,
    vm_stat: VM_STAT,
    ...change,
  }
  return Object.entries(texts).map(([hint, text]) => ({ hint, text, problem: null }))
}

test("how a Mac is, from five outputs", () => {
  assert.deepEqual(readMacVitals(outputs()), {
    gpuBusyPercent: 98,
    gpuMemoryBytes: 20 * 1024 ** 3,
    heat: "heavy",
    power: "battery",
    chargePercent: 64,
    charging: false,
    memoryAvailableBytes: (100_000 + 100_000 + 10_000 + 150_000) * 16_384,
    memoryPressure: "warning",
    swapUsedBytes: 512 * 1024 ** 2,
    load: 2.5,
  })
})

test("a desktop has power, and no charge", () => {
  const vitals = readMacVitals(outputs({ "pmset-g-batt": "Now drawing from 'AC Power'\n" }))
  assert.deepEqual([vitals.power, vitals.chargePercent, vitals.charging], ["ac", null, null])
})

test("what is missing, cut or contradictory is null, and takes nothing else with it", () => {
  const nothing = { ioreg: "", "pmset-g-batt": "", notifyutil: "", sysctl: "", vm_stat: "" }
  assert.deepEqual(readMacVitals(outputs(nothing)), NO_VITALS)
  assert.deepEqual(readMacVitals([]), NO_VITALS)
  assert.equal(readMacVitals(outputs({ notifyutil: "com.apple.system.thermalpressurelevel 7\n" })).heat, null)
  assert.equal(readMacVitals(outputs({ ioreg: IOREG.slice(0, 260) })).gpuBusyPercent, null)
  assert.equal(readMacVitals(outputs({ vm_stat: VM_STAT.replace("300000", "900000") })).memoryAvailableBytes, null)
  const ofMac = (gib: number) => `${SYSCTL}hw.memsize: ${gib * 1024 ** 3}\n`
  assert.equal(readMacVitals(outputs({ sysctl: ofMac(8) })).memoryAvailableBytes, null, "more pages than it has")
  assert.equal(readMacVitals(outputs({ sysctl: ofMac(24) })).memoryAvailableBytes, null, "fewer")
  assert.notEqual(readMacVitals(outputs({ sysctl: ofMac(16) })).memoryAvailableBytes, null)
  const hung = outputs().map((one) =>
    one.hint === "vm_stat" ? { ...one, problem: { reason: "timed_out", detail: "" } as const } : one,
  )
  assert.equal(readMacVitals(hung).memoryAvailableBytes, null)
  assert.equal(readMacVitals(hung).gpuBusyPercent, 98)
})
