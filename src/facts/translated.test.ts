import assert from "node:assert/strict"
import { test } from "node:test"
import { sheetOf } from "./mac-output.ts"
import { readOutput } from "./read-output.ts"

const MAC = `hw.model: Mac15,14
machdep.cpu.brand_string: Apple M3 Ultra
hw.optional.arm64: 1
kern.hv_vmm_present: 0
kern.osproductversion: 26.1
kern.osversion: 25B78
`

function verdictOf(text: string): unknown {
  return readOutput(text, { hint: "sysctl" }).sheet.value("hostVerdict")
}

test("a chip's name stands for whether Rosetta is used only where the system does not say it", () => {
  assert.equal(verdictOf(MAC), "accepted")
  assert.equal(verdictOf(`${MAC}sysctl.proc_translated: 0\n`), "accepted")
  assert.equal(verdictOf(`${MAC}sysctl.proc_translated: 1\n`), "refused")
  const damaged = ["1", "0\nsysctl.proc_translated: 1\n", "x\n"]
  assert.equal(verdictOf(`${MAC}sysctl.proc_transl`), undefined)
  for (const value of damaged) assert.equal(verdictOf(`${MAC}sysctl.proc_translated: ${value}`), undefined)
})

test("a processor without a name beside a sysctl that says there is no Rosetta leaves the verdict open", () => {
  const profiler =
    '{"SPHardwareDataType":[{"machine_model":"Mac15,14","cpu_type":"Unknown","physical_memory":"96 GB","number_processors":28}]}\n'
  const sheet = sheetOf([
    { hint: "sysctl", text: `${MAC}sysctl.proc_translated: 0\n`, problem: null },
    { hint: "system_profiler-SPHardware-json", text: profiler, problem: null },
  ])
  const translated = sheet.get("isTranslated")
  assert.equal(translated?.known === false && translated.reason, "contradictory")
  assert.equal(sheet.value("hostVerdict"), undefined)
})

test("whether Rosetta is used is read where it is asked for alone", () => {
  const told = (text: string) => {
    const fact = readOutput(text, { hint: "sysctl-n-sysctl.proc_translated__m.txt" }).sheet.get("isTranslated")
    return fact?.known === true ? fact.value : fact?.reason
  }
  assert.equal(told("1\n"), true)
  assert.equal(told("0\n"), false)
  assert.equal(told("1"), "truncated")
  assert.equal(told("7\n"), "garbage")
  assert.equal(told("0\n1\n"), "garbage")
})

test("a kernel that says it is not of Apple silicon contradicts a chip of Apple's", () => {
  const sheet = readOutput(MAC.replace("arm64: 1", "arm64: 0"), { hint: "sysctl" }).sheet
  const architecture = sheet.get("architecture")
  assert.equal(architecture?.known === false && architecture.reason, "contradictory")
  assert.equal(sheet.value("hostVerdict"), undefined)
})
