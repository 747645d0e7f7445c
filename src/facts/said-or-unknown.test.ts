import assert from "node:assert/strict"
import { describe, it, test } from "node:test"
import type { FactName } from "./fact-names.ts"
import { readOutput } from "./read-output.ts"

/** The value, or the reason for which there is none; `undefined`: nothing is said. */
function toldOf(text: string, name: FactName, { of, hint = "" }: { of?: string; hint?: string } = {}): unknown {
  const fact = readOutput(text, { hint }).sheet.get(name, of)
  return fact === undefined || fact.known ? fact?.value : fact.reason
}

test("a Mac that is managed says by which server", () => {
  const server = "https://lab.jamfcloud.com/mdm/ServerURL"
  const text = `Enrolled via DEP: Yes\nMDM enrollment: Yes (User Approved)\nMDM server: ${server}\n`
  assert.deepEqual([toldOf(text, "isManaged"), toldOf(text, "isEnrolledByPurchase")], [true, true])
  assert.equal(toldOf(text.replace("https://", "https"), "isManaged"), true, "it ends in its bracket")
})

test("uptime, and the first line of w, of a Mac that is up for any time, and in any region", () => {
  const minutesOf = (up: string, hint = "uptime") =>
    toldOf(`10:00  up ${up}, 2 users, load averages: 1.28 1.18 1.13\n`, "uptimeMinutes", { hint })
  assert.equal(minutesOf(" 3:23"), 203)
  assert.equal(minutesOf("13:23"), 803)
  assert.equal(minutesOf("3 days,  3:23"), 4523)
  assert.equal(minutesOf("3 days, 13:23"), 5123)
  assert.equal(minutesOf("1 day, 2 hrs"), 1560)
  assert.equal(minutesOf("1 day"), 1440)
  assert.equal(minutesOf("5 mins"), 5)
  assert.equal(minutesOf("3:23"), 203)
  assert.equal(minutesOf("2 days, 3:23"), 3083)
  assert.equal(minutesOf(" 3:73"), "garbage")
  for (const clock of ["10.15", "10:15AM", "10:15 am", "10:15pm"]) {
    const text = `${clock}  up  3:23, 2 users, load averages: 1.28 1.18 1.13\n`
    assert.equal(toldOf(text, "uptimeMinutes", { hint: "uptime" }), 203, clock)
  }
  const w = "10:00  up  3:23, 2 users, load averages: 1,28 1,18 1,13\nUSER     TTY      FROM    LOGIN@  IDLE WHAT\n"
  assert.equal(toldOf(w, "uptimeMinutes"), 203)
  assert.deepEqual(toldOf(w, "loadAverage"), [1.28, 1.18, 1.13])
})

test("the least idle time is not known where an entry of several is cut, wherever that is", () => {
  const entry = (idleNs: number) =>
    `+-o IOHIDSystem  <class IOHIDSystem, id 0x100000a2b, registered, matched>\n    {\n      "HIDIdleTime" = ${idleNs}\n      "HIDParameters" = 1\n    }\n    \n`
  const [first, second] = [entry(900_000_000_000), entry(2_000_000_000)]
  const whole = first + second
  const hint = "ioreg-IOHIDSystem"
  assert.equal(toldOf(whole, "idleMs", { hint }), 2_000)
  assert.equal(toldOf(first, "idleMs", { hint }), 900_000)
  const [begun, told] = [first.length + 1, whole.lastIndexOf("2000000000\n") + 11]
  for (let end = begun; end < told; end++) {
    const cut = toldOf(whole.slice(0, end), "idleMs", { hint })
    assert.ok(cut === "truncated" || cut === "garbage", `${end - first.length}: ${cut}`)
  }
  const stray = first.replace('      "HIDIdleTime"', '    }\n      "HIDIdleTime"')
  assert.equal(toldOf(stray, "idleMs", { hint }), "truncated")
})

describe("what an output has a line for is known, or unknown with the right reason", () => {
  it("in top", () => {
    const time = "2026/11/27 12:00:00"
    const top = (line: string) => `Processes: 512 total, 3 running, 509 sleeping, 2000 threads\n${time}\n${line}\n`
    const told = (line: string, name: FactName) => toldOf(top(line), name, { of: time })
    assert.equal(told("CPU usage: 3,50% user, 6,50% sys, 90,00% idle", "cpuBusyPercent"), 10)
    assert.equal(told("CPU usage: 3,50% user, 6,50% sys, 80,00% idle", "cpuBusyPercent"), "contradictory")
    assert.equal(told("CPU usage: 3.50% Benutzer, 6.50% sys, 90.00% idle", "cpuBusyPercent"), "garbage")
    assert.deepEqual(told("Load Avg: 1,50, 2,25, 3,75", "loadAverage"), [1.5, 2.25, 3.75])
    assert.equal(told("Load Avg: much", "loadAverage"), "garbage")
    assert.equal(told("PhysMem: 12G in use", "physicalMemoryUsedBytes"), "garbage")
    assert.equal(toldOf("CPU usage: 4.31% user\n", "cpuBusyPercent", { hint: "top" }), "garbage")
  })

  it("in the JSON of system_profiler", () => {
    const wifi = (rate: string) =>
      `{"SPAirPortDataType":[{"spairport_airport_interfaces":[{"_name":"en0","spairport_current_network_information":{"spairport_network_rate":${rate},"spairport_network_channel":36}}]}]}`
    assert.equal(toldOf(wifi("1152"), "wifiMbps", { of: "en0" }), 1152)
    for (const rate of ['"1,152"', "true", "[1]", "11.5"]) {
      assert.equal(toldOf(wifi(rate), "wifiMbps", { of: "en0" }), "garbage", rate)
    }
    assert.equal(toldOf(wifi("1"), "wifiChannel", { of: "en0" }), "garbage")
    const gpu = (cores: string) => `{"SPDisplaysDataType":[{"sppci_model":"Apple M3 Max","sppci_cores":${cores}}]}`
    assert.deepEqual(
      ["40", '"40"', '"4O"', "null", "4000"].map((cores) => toldOf(gpu(cores), "gpuCores")),
      [40, 40, "garbage", "garbage", "implausible"],
    )
    const machine = `{"SPHardwareDataType":[{"machine_model":15,"chip_type":["Apple M3"],"physical_memory":36}]}`
    for (const name of ["modelIdentifier", "chip", "memoryBytes"] as const) {
      assert.equal(toldOf(machine, name), "garbage", name)
    }
    const battery = (installed: string) =>
      `{"SPPowerDataType":[{"_name":"spbattery_information","sppower_battery_installed":"${installed}","sppower_battery_charge_info":{"sppower_battery_state_of_charge":"8O","sppower_battery_is_charging":"Yes"}}]}`
    assert.equal(toldOf(battery("TRUE"), "batteryPercent"), "garbage")
    assert.equal(toldOf(battery("TRUE"), "isCharging"), "garbage")
    assert.equal(toldOf(battery("Ja"), "hasBattery"), "garbage")
    assert.equal(toldOf(battery("FALSE").replace("8O", "80"), "batteryPercent"), undefined)
  })

  it("in sysctl, where a key says two things", () => {
    const lines: readonly (readonly [line: string, other: string, name: FactName])[] = [
      ["hw.memsize: 25769803776", "hw.memsize: 34359738368", "memoryBytes"],
      ["hw.ncpu: 8", "hw.ncpu: 10", "cpuThreads"],
      ["vm.loadavg: { 1.00 1.00 1.00 }", "vm.loadavg: { 2.00 1.00 1.00 }", "loadAverage"],
      ["machdep.cpu.brand_string: Apple M3", "machdep.cpu.brand_string: Apple M4", "chip"],
      ["hw.optional.arm64: 1", "hw.optional.arm64: 0", "architecture"],
      ["hw.perflevel0.physicalcpu: 4", "hw.perflevel0.physicalcpu: 6", "coreCounts"],
      ["kern.osversion: 25B78", "kern.osversion: 24B78", "macosBuild"],
    ]
    for (const [line, other, name] of lines) {
      assert.equal(toldOf(`${line}\n${other}\nkern.hv_vmm_present: 0\n`, name), "contradictory", line)
      assert.equal(toldOf(`${line}\n${other}\n${line}\nkern.hv_vmm_present: 0\n`, name), "contradictory", line)
    }
  })

  it("in ioreg and powermetrics", () => {
    const node = (className: string, lines: string) =>
      `+-o X  <class ${className}, id 0x1>\n    {\n      ${lines}\n    }\n`
    const gpu = (lines: string) => node("AGXAcceleratorG15X", lines)
    assert.equal(toldOf(gpu('"gpu-core-count" = 4000'), "gpuCores"), "implausible")
    assert.equal(toldOf(gpu('"gpu-core-count" = "40"'), "gpuCores"), "garbage")
    assert.equal(toldOf(gpu('"PerformanceStatistics" = {"Tiler Utilization %"="7"}'), "gpuTilerPercent"), "garbage")
    const battery = (line: string) => node("AppleSmartBattery", line)
    assert.equal(toldOf(battery('"CycleCount" = 99999'), "batteryCycles"), "implausible")
    assert.equal(toldOf(battery('"IsCharging" = 3'), "isCharging"), "garbage")
    assert.equal(toldOf(battery('"AdapterDetails" = {"Watts"=4000}'), "adapterWatts"), "implausible")
    assert.equal(toldOf(battery('"AdapterDetails" = {"Watts"=0}'), "adapterWatts"), undefined)
  })

  it("of a battery that is not there", () => {
    const absent =
      "Now drawing from 'AC Power'\n -InternalBattery-0 (id=1)\t80%; charging; 1:05 remaining present: false\n"
    assert.equal(toldOf(absent, "hasBattery"), false)
    for (const name of ["batteryPercent", "batteryState", "batteryMinutes"] as const) {
      assert.equal(toldOf(absent, name), "no_such_key", name)
    }
  })

  it("of settings that are on or off", () => {
    const settings =
      "System-wide power settings:\nCurrently in use:\n powernap 10\n ttyskeepawake 10\n womp 1\n sleep 10\n"
    const of = (name: string) => toldOf(settings, "powerSetting", { of: name })
    assert.deepEqual(["powernap", "ttyskeepawake", "womp", "sleep"].map(of), ["implausible", "implausible", 1, 10])
  })
})
