import assert from "node:assert/strict"
import { test } from "node:test"
import { STUDIO } from "../../test/support/shown-hosts.ts"
import { MAC_SYSCTL_KEYS, readMacFacts } from "./mac-facts.ts"
import { type MacOutput, withoutLegend } from "./mac-output.ts"

const SYSCTL = `hw.memsize: 549755813888
hw.model: Mac15,14
hw.ncpu: 32
hw.physicalcpu: 32
hw.nperflevels: 2
hw.perflevel0.physicalcpu: 24
hw.perflevel0.name: Performance
hw.perflevel1.physicalcpu: 8
hw.perflevel1.name: Efficiency
machdep.cpu.brand_string: Apple M3 Ultra
hw.optional.arm64: 1
kern.hv_vmm_present: 0
kern.osproductversion: 26.1
kern.osversion: 25B71
iogpu.wired_limit_mb: 0
`
const IOREG = `+-o AGXAcceleratorG15X  <class AGXAcceleratorG15X, id 0x100000abc, registered, matched, active, busy 0 (12 ms), retain 30>
    {
      "IOReportLegend" = ({"IOReportChannels"=((1,2,"x"))})
      "PerformanceStatistics" = {"Alloc system memory"=4096000,"Device Utilization %"=3,"In use system memory"=2048}
      "gpu-core-count" = 80
      "model" = "Apple M3 Ultra"
    }

`
const VERSION = "ProductName:\t\tmacOS\nProductVersion:\t\t26.1\nBuildVersion:\t\t25B71\n"

function outputs(change: Partial<Record<"sysctl" | "ioreg" | "sw_vers", Partial<MacOutput>>> = {}): MacOutput[] {
  const texts = { sysctl: SYSCTL, ioreg: withoutLegend(IOREG), sw_vers: VERSION }
  return (["sysctl", "ioreg", "sw_vers"] as const).map((hint) => ({
    hint,
    text: texts[hint],
    problem: null,
    ...change[hint],
  }))
}

test("a Mac Studio is told in full", () => {
  assert.deepEqual(readMacFacts(outputs()), STUDIO)
})

test("kinds of cores keep the system's names, and there may be no Efficiency", () => {
  const text = SYSCTL.replace("Performance", "Super")
    .replace("Efficiency", "Performance")
    .replaceAll("M3 Ultra", "M9 Max")
  const mac = readMacFacts(outputs({ sysctl: { text: text.replace("Mac15,14", "Mac19,2") }, ioreg: { text: "" } }))
  assert.deepEqual(mac.cores, [
    { kind: "Super", count: 24 },
    { kind: "Performance", count: 8 },
  ])
  // A Mac that the tables do not have is shown by its identifier, and nothing is concluded.
  assert.equal(mac.model, "Mac19,2")
  assert.equal(mac.modelName, null)
  assert.deepEqual(
    mac.unknown.filter(({ reason }) => reason === "not_in_table").map(({ fact }) => fact),
    ["modelName", "bandwidthGbPerS", "fp32Tflops"],
  )
})

test("a command that fails is the reason for what it would have told, and for nothing else", () => {
  const hung = { reason: "timed_out", detail: "/usr/sbin/ioreg did not end in 2.5 s" } as const
  const mac = readMacFacts(outputs({ ioreg: { text: "", problem: hung } }))
  assert.equal(mac.gpuCores, null)
  assert.equal(mac.chip, "Apple M3 Ultra")
  assert.equal(mac.bandwidthGbPerS, 819) // both bins have the same
  assert.deepEqual(mac.unknown[0], { fact: "gpuCores", reason: "timed_out", text: hung.detail })
  const none = { reason: "missing_command", detail: "there is no /usr/sbin/ioreg" } as const
  assert.equal(readMacFacts(outputs({ ioreg: { text: "", problem: none } })).unknown[0]?.reason, "missing_command")
})

test("outputs that contradict each other give no value", () => {
  const mac = readMacFacts(outputs({ sw_vers: { text: VERSION.replaceAll("26.1", "26.2") } }))
  assert.equal(mac.macosVersion, null)
  assert.equal(mac.unknown.find(({ fact }) => fact === "macosVersion")?.reason, "contradictory")
})

test("a virtual Mac, Rosetta, Intel and a system too old are told with the reason", () => {
  const told = (text: string) => readMacFacts(outputs({ sysctl: { text }, ioreg: { text: "" }, sw_vers: { text: "" } }))
  assert.deepEqual(
    told(SYSCTL.replace("vmm_present: 0", "vmm_present: 1").replace("Mac15,14", "VirtualMac2,1")).refusals,
    ["virtual_machine"],
  )
  assert.deepEqual(told(`${SYSCTL}sysctl.proc_translated: 1\n`).refusals, ["rosetta"])
  assert.deepEqual(told(SYSCTL.replace("version: 26.1", "version: 13.4").replace("25B71", "22F66")).refusals, [
    "macos_too_old",
  ])
  const intel = told(
    "hw.memsize: 17179869184\nhw.model: Macmini8,1\nhw.ncpu: 12\nmachdep.cpu.brand_string: Intel(R) Core(TM) i7-8700B CPU @ 3.20GHz\nkern.osproductversion: 15.6\n",
  )
  assert.deepEqual([intel.verdict, intel.refusals], ["refused", ["intel_mac"]])
})

test("garbage in all three gives no value and a reason for each", () => {
  const mac = readMacFacts(
    ["sysctl", "ioreg", "sw_vers"].map((hint) => ({ hint, text: "\u0000\u0007 = \ufffd{{{", problem: null })),
  )
  const { unknown, refusals, ...values } = mac
  assert.deepEqual(refusals, [])
  assert.ok(Object.values(values).every((value) => value === null))
  assert.deepEqual(unknown.map(({ fact }) => fact).sort(), Object.keys(values).sort())
  assert.ok(unknown.every(({ text }) => text !== ""))
})

test("the keys are asked for one by one, as a key that is not there must not take others with it", () => {
  assert.ok(MAC_SYSCTL_KEYS.every((key) => /^[a-z]\w*(\.\w+)+$/.test(key)))
  assert.equal(new Set(MAC_SYSCTL_KEYS).size, MAC_SYSCTL_KEYS.length)
})
