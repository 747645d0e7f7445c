import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { countWrong } from "../../test/support/count-wrong-facts.ts"
import { mergeSheets } from "./merge.ts"
import { readOutput } from "./read-output.ts"

const MEMORY = "hw.memsize: 103079215104\n"
const SYSCTL = `hw.ncpu: 28
${MEMORY}hw.model: Mac15,14
hw.nperflevels: 2
hw.physicalcpu: 28
hw.perflevel0.physicalcpu: 20
hw.perflevel0.name: Performance
hw.perflevel1.physicalcpu: 8
hw.perflevel1.name: Efficiency
machdep.cpu.brand_string: Apple M3 Ultra
hw.optional.arm64: 1
kern.hv_vmm_present: 0
kern.osproductversion: 26.1
kern.osversion: 25B78
vm.swapusage: total = 2048.00M  used = 1000.25M  free = 1047.75M  (encrypted)
kern.boottime: { sec = 1764230400, usec = 12 } Thu Nov 27 09:00:00 2025
`
const GPU = `+-o AGXAcceleratorG15X  <class AGXAcceleratorG15X, id 0x100000abc, registered, matched, active, busy 0 (1 ms), retain 9>
    {
      "model" = "Apple M3 Ultra"
      "gpu-core-count" = 80
      "Blob" = <00ff10>
      "PerformanceStatistics" = {"In use system memory (driver)"=7,"Alloc system memory"=90000000000,"Device Utilization %"=98,"Renderer Utilization %"=1,"In use system memory"=5}
      "Names" = ("a \\"quoted\\" one",{"inner"=[1,2]})
    }
`
const BATTERY =
  "Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1234567)\t41%; discharging; (no estimate) present: true\n"
const PAGES = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                              100000.
Pages active:                            300000.
Pages inactive:                          250000.
Pages speculative:                        50000.
Pages throttled:                              0.
Pages wired down:                        200000.
Pages purgeable:                          10000.
"Translation faults":                 218850525.
Pages copy-on-write:                   11360665.
Pages zero filled:                    145853813.
Pages reactivated:                      7483439.
Pages purged:                           1540816.
File-backed pages:                       200000.
Anonymous pages:                         400000.
Pages stored in compressor:              200000.
Pages occupied by compressor:            110000.
Decompressions:                         4668445.
Compressions:                           6377731.
Pageins:                                5708256.
Pageouts:                                 51709.
Swapins:                                      0.
Swapouts:                                     0.
`

function value(text: string, name: Parameters<ReturnType<typeof sheetOf>["get"]>[0], of?: string): unknown {
  return sheetOf(text).value(name, of)
}

function sheetOf(text: string, hint = "") {
  return readOutput(text, { hint }).sheet
}

function reasonOf(text: string, name: Parameters<ReturnType<typeof sheetOf>["get"]>[0], hint = ""): string | undefined {
  const fact = sheetOf(text, hint).get(name)
  return fact === undefined || fact.known ? undefined : fact.reason
}

describe("readOutput()", () => {
  it("reads a machine from sysctl, with what the tables know of it", () => {
    const sheet = sheetOf(SYSCTL)
    assert.equal(sheet.number("memoryBytes"), 96 * 1024 ** 3)
    assert.deepEqual(sheet.value("coreCounts"), [20, 8])
    assert.deepEqual(sheet.value("coreNames"), ["Performance", "Efficiency"])
    assert.equal(sheet.text("modelName"), "Mac Studio (M3 Ultra, 2025)")
    assert.equal(sheet.number("memoryBandwidthGbPerS"), 819)
    assert.equal(sheet.number("swapUsedBytes"), Math.round(1000.25 * 1024 ** 2))
    assert.equal(sheet.number("bootTimeMs"), 1_764_230_400_000)
    assert.equal(sheet.text("hostVerdict"), "accepted")
  })

  it("names what is against a machine as a host", () => {
    const with_ = (line: string) => sheetOf(SYSCTL.replace("kern.osversion: 25B78\n", "") + line)
    assert.equal(with_("sysctl.proc_translated: 1\n").value("refusal", "rosetta"), true)
    assert.equal(sheetOf(SYSCTL.replace("present: 0", "present: 1")).value("refusal", "virtual_machine"), undefined)
    assert.equal(sheetOf("kern.hv_vmm_present: 1\nhw.model: VirtualMac2,1\n").value("refusal", "virtual_machine"), true)
    assert.equal(
      sheetOf("kern.osproductversion: 13.4.1\nkern.osversion: 22F82\n").value("refusal", "macos_too_old"),
      true,
    )
    assert.equal(sheetOf("hw.model: MacBookPro16,1\n").value("refusal", "intel_mac"), true)
    const translated = `{"SPHardwareDataType":[{"cpu_type":"Unknown","machine_model":"MacBookPro18,3","physical_memory":"32 GB"}]}`
    assert.equal(sheetOf(translated).value("refusal", "rosetta"), true)
  })

  it("takes no Mac that may be under Rosetta for a host", () => {
    const text = (model: string, line: string) =>
      sheetOf(
        `Hardware:\n\n    Hardware Overview:\n\n      Model Identifier: ${model}\n      ${line}\n      Memory: 24 GB\n\nSoftware:\n\n    System Software Overview:\n\n      System Version: macOS 15.3.1 (24D70)\n\n`,
      )
    for (const model of ["Mac16,8", "MacBookPro18,1"]) {
      for (const line of ["Chip: Unknown", "Processor Name: Unknown"]) {
        assert.equal(text(model, line).value("refusal", "rosetta"), true, `${model}, ${line}`)
        assert.equal(text(model, line).value("hostVerdict"), "refused")
      }
    }
    assert.equal(text("Mac16,8", "Chip: Apple M4 Pro").value("hostVerdict"), "accepted")
    assert.equal(text("VirtualMac2,1", "Chip: Unknown").value("isTranslated"), undefined)
    assert.equal(text("Mac16,8", "Boot ROM Version: 11881.81.4").value("hostVerdict"), undefined)
    const json = `{"SPHardwareDataType":[{"chip_type":"Unknown","machine_model":"Mac16,8","physical_memory":"24 GB"}]}`
    assert.equal(sheetOf(json).value("refusal", "rosetta"), true)
    const three = "hw.model: Mac16,8\nkern.osproductversion: 15.3.1\nkern.osversion: 24D70\n"
    assert.equal(reasonOf(three, "hostVerdict"), "no_such_key")
    assert.equal(sheetOf(`${three}sysctl.proc_translated: 0\n`).value("hostVerdict"), "accepted")
    assert.equal(sheetOf(`${three}sysctl.proc_translated: 1\n`).value("hostVerdict"), "refused")
  })

  it("knows kinds of cores only as far as they add up", () => {
    assert.equal(reasonOf(SYSCTL.replace("hw.perflevel1.physicalcpu: 8\n", ""), "coreCounts"), "truncated")
    assert.equal(reasonOf(SYSCTL.replace("hw.perflevel1.name: Efficiency\n", ""), "coreNames"), "truncated")
    const m5 = SYSCTL.replaceAll("Performance", "Super").replaceAll("Efficiency", "Performance")
    assert.deepEqual(value(m5, "coreNames"), ["Super", "Performance"])
  })

  it("believes no line that may be two, nor what may have changed places with another", () => {
    const lines = (labels: readonly string[]) =>
      `Mach Virtual Memory Statistics: (page size of 16384 bytes)\n${labels.map((label, at) => `Pages ${label}: ${1000 + at}.\n`).join("")}`
    const all = ["free", "active", "inactive", "speculative", "throttled", "wired down", "purgeable"]
    const of = (labels: readonly string[], label: string) => sheetOf(lines(labels)).value("pagesOf", label)
    assert.equal(of(all, "Pages free"), 1000)
    const gap = all.filter((label) => label !== "active")
    assert.equal(of(gap, "Pages free"), undefined)
    assert.equal(of(gap, "Pages inactive"), 1001)
    assert.equal(of(all.slice(0, 3), "Pages inactive"), 1002, "what was cut off is missing, and nothing before it")
    const services = (...rows: readonly (readonly [string, string, string, string])[]) =>
      `An asterisk (*) denotes that a network service is disabled.\n${rows.map(([number, name, port, device]) => `(${number}) ${name}\n(Hardware Port: ${port}, Device: ${device})\n\n`).join("")}`
    const right = services(
      ["1", "Ethernet", "Ethernet", "en0"],
      ["*", "Wi-Fi", "Wi-Fi", "en1"],
      ["2", "Lab", "USB LAN", "en5"],
    )
    assert.equal(sheetOf(right).value("serviceState", "Lab"), "enabled, en5")
    const order = services(["2", "Lab", "USB LAN", "en5"], ["1", "Ethernet", "Ethernet", "en0"])
    const ports = services(
      ["1", "Ethernet", "Wi-Fi", "en1"],
      ["2", "Wi-Fi", "Ethernet", "en0"],
      ["3", "Lab", "USB LAN", "en5"],
    )
    for (const text of [order, ports]) {
      assert.deepEqual(
        sheetOf(text)
          .facts()
          .filter(({ known }) => known),
        [],
        text,
      )
    }
    const cores = (chip: string) =>
      `{"SPHardwareDataType":[{"machine_model":"Mac15,14","chip_type":"${chip}","number_processors":"proc 28:20:8","physical_memory":"96 GB"}]}`
    assert.deepEqual(value(cores("Apple M3 Ultra"), "coreCounts"), [20, 8])
    for (const name of ["modelIdentifier", "chip", "coreCounts", "coreNames"] as const) {
      const two = cores("Apple M3 Ultra").replace("Mac15,14", "Mac16,10")
      assert.equal(reasonOf(two, name), "contradictory", name)
    }
    const never = `+-o IOHIDSystem  <class IOHIDSystem, id 0x1>\n  {\n    "HIDIdleTime" = 18446744073709551615\n  }\n`
    assert.equal(reasonOf(never, "idleMs"), "implausible")
    const fact = sheetOf(never).get("idleMs")
    assert.doesNotMatch(fact?.known === false ? fact.detail : "", /-1/)
  })

  it("believes no number that may have been cut", () => {
    assert.equal(reasonOf("hw.memsize: 1030792", "memoryBytes"), "implausible")
    assert.equal(value("hw.memsize: 103079215104", "memoryBytes"), 96 * 1024 ** 3)
    assert.equal(reasonOf("hw.physicalcpu: 2", "cpuCores"), "truncated")
    assert.equal(reasonOf("hw.physicalcpu: 2\n8\n", "cpuCores", "sysctl"), "truncated")
    assert.equal(reasonOf("machdep.cpu.brand_string: Apple M3", "chip"), "truncated")
    assert.equal(value("machdep.cpu.brand_string: Apple M3 Ultra", "chip"), "Apple M3 Ultra")
    assert.equal(reasonOf("ProductVersion:\t\t26.", "macosVersion"), "garbage")
    assert.equal(reasonOf("ProductVersion:\t\t26.6", "macosVersion"), "truncated")
    const idle = `+-o IOHIDSystem  <class IOHIDSystem, id 0x1>\n  {\n    "HIDIdleTime" = 18754`
    assert.equal(reasonOf(idle, "idleMs"), "garbage")
    assert.equal(value(`${idle}\n  }\n`, "idleMs"), 0)
  })

  it("believes nothing that two places contradict", () => {
    assert.equal(reasonOf(SYSCTL.replace("hw.physicalcpu: 28", "hw.physicalcpu: 82"), "coreCounts"), "contradictory")
    assert.equal(reasonOf(SYSCTL.replace("Apple M3 Ultra", "Apple M2 Ultra"), "chip"), "contradictory")
    assert.equal(reasonOf(SYSCTL.replace("1047.75M", "1947.75M"), "swapUsedBytes"), "contradictory")
    assert.equal(reasonOf(SYSCTL.replace("sec = 17642", "sec = 17643"), "bootTimeMs"), "contradictory")
    assert.equal(reasonOf(SYSCTL.replace("25B78", "24B78"), "macosVersion"), "contradictory")
    assert.equal(reasonOf(PAGES.replace("300000", "390000"), "memoryAvailableBytes"), "contradictory")
    assert.equal(reasonOf(`{"SPHardwareDataType":[{"number_processors":"proc 16:12:5"}]}`, "cpuCores"), "contradictory")
  })

  it("reads the GPU's statistics by their whole keys", () => {
    const sheet = sheetOf(GPU)
    assert.equal(sheet.number("gpuBusyPercent"), 98)
    assert.equal(sheet.number("gpuMemoryInUseBytes"), 5)
    assert.equal(sheet.number("gpuMemoryAllocatedBytes"), 90_000_000_000)
    assert.equal(sheet.number("gpuFp32Tflops"), 28.26)
    assert.equal(reasonOf(GPU.replace("=98,", "=98,,"), "gpuBusyPercent"), "garbage")
    assert.equal(reasonOf(GPU.replace("=98,", "=981,"), "gpuBusyPercent"), "implausible")
    assert.equal(reasonOf(GPU.replace("= 80\n", "= 70\n"), "gpuCores"), "implausible")
  })

  it("reads batteries in all their states", () => {
    assert.equal(sheetOf(BATTERY).number("batteryPercent"), 41)
    assert.equal(sheetOf(BATTERY).text("powerSource"), "battery")
    assert.equal(reasonOf(BATTERY, "batteryMinutes"), "no_such_key")
    const attached = BATTERY.replace("discharging; (no estimate)", "AC attached; not charging")
    assert.equal(sheetOf(attached).text("batteryState"), "not charging")
    assert.equal(reasonOf("Now drawing from 'AC Power'\n", "hasBattery"), "no_such_key")
    assert.equal(reasonOf(BATTERY.replace("41%", "1041%"), "batteryPercent"), "implausible")
  })

  it("tells who sits before the screen, and whether it is locked", () => {
    const root = (users: string, locked: string) =>
      `+-o Root  <class IORegistryEntry, id 0x1>\n    {\n      "IOConsoleLocked" = ${locked}\n      "IOConsoleUsers" = (${users})\n    }\n`
    const user = `{"kCGSSessionOnConsoleKey"=Yes,"kCGSSessionUserIDKey"=502,"CGSSessionScreenIsLocked"=Yes}`
    assert.equal(sheetOf(root(user, "Yes")).truth("isScreenLocked"), true)
    assert.equal(sheetOf(root(user, "Yes")).number("consoleUid"), 502)
    assert.equal(reasonOf(root(user, "No"), "isScreenLocked"), "contradictory")
    assert.equal(sheetOf(root("", "No")).truth("hasConsoleUser"), false)
    assert.equal(sheetOf("  No such key\n", "scutil-ConsoleUser").truth("hasConsoleUser"), false)
  })

  it("tells links by media and status, and gives up a part whose head is lost", () => {
    const link = (name: string, media: string, status = "active") =>
      `${name}: flags=8863<UP,BROADCAST,RUNNING> mtu 1500\n\tether 02:00:00:00:00:01 \n\tinet 10.1.2.3 netmask 0xff000000 broadcast 10.255.255.255\n\tmedia: ${media}\n\tstatus: ${status}\n`
    const two = link("en0", "autoselect (10Gbase-T <full-duplex>)") + link("en1", "autoselect")
    assert.equal(value(two, "linkMbps", "en0"), 10_000)
    assert.equal(value(two, "linkKind", "en1"), "wifi")
    assert.equal(value(link("en0", "autoselect (2500Base-T <full-duplex>)"), "linkMbps", "en0"), 2_500)
    assert.equal(value(link("en0", "autoselect (none)", "inactive"), "isLinkActive", "en0"), false)
    const lost = two.replace(/en1: .*\n/, "")
    assert.equal(value(lost, "linkKind", "en0"), undefined)
  })

  it("says what an error's text means, and what it does not know", () => {
    assert.equal(
      value("zsh:1: command not found: rdma_ctl\nsh: rdma_ctl: command not found\n", "errorCode"),
      "missing_command",
    )
    assert.equal(value("Alarm clock\n", "errorCode"), "timed_out")
    assert.equal(readOutput("once upon a time\n").command, null)
    assert.match(readOutput("").note ?? "", /empty/)
    assert.equal(readOutput("\u0000\u0001\u0002", { hint: "vm_stat__x.txt" }).by, "name")
  })

  it("takes a file's name only where its content tells nothing", () => {
    assert.equal(readOutput(BATTERY, { hint: "vm_stat__mine.txt" }).command, "pmset -g batt")
    assert.equal(readOutput("x\n", { hint: "pmset-g-batt__mine.txt" }).command, "pmset -g batt")
  })

  it("gives no wrong fact of damaged outputs", () => {
    const samples = [
      ["sysctl", SYSCTL],
      ["ioreg-IOAccelerator", GPU],
      ["pmset-g-batt", BATTERY],
      ["vm_stat", PAGES],
    ].map(([hint = "", text = ""]) => ({ hint, text }))
    assert.deepEqual(countWrong(samples, { count: 2_000, seed: 11 }).wrong, [])
  })
})

describe("mergeSheets()", () => {
  const part = (source: string, text: string) => ({ source, sheet: sheetOf(text) })

  it("concludes from the outputs of one Mac together", () => {
    const merged = mergeSheets([part("a", SYSCTL), part("b", GPU), part("c", "Now drawing from 'AC Power'\n")])
    assert.equal(merged.number("gpuFp32Tflops"), 28.26)
    assert.equal(merged.truth("hasBattery"), false)
    assert.match(merged.get("gpuCores")?.key ?? "", /^b: /)
  })

  it("knows nothing of what two outputs contradict", () => {
    const merged = mergeSheets([part("a", SYSCTL), part("b", "hw.memsize: 206158430208\n")])
    assert.equal(merged.number("memoryBytes"), null)
  })
})
