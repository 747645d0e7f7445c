import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { isAtLeast } from "../facts/macos-version.ts"
import { checkSystem } from "./system-check.ts"

const common = { perl: "5.036000", writable: "yes", existing: "/home/a", diskFreeKb: "9000000" }
const linux = { ...common, system: "Linux", machine: "x86_64", version: "Debian GNU/Linux 12" }
const mac = {
  ...common,
  system: "Darwin",
  machine: "arm64",
  version: "13.5",
  "hw.optional.arm64": "1",
  "kern.hv_vmm_present": "0",
  "hw.model": "Mac14,12",
  "machdep.cpu.brand_string": "Apple M2 Pro",
}
const check = (facts: Readonly<Record<string, string>>) => checkSystem(new Map(Object.entries(facts)))

describe("checkSystem()", () => {
  it("accepts Macs with Apple silicon from macOS 13.5, and Linux", () => {
    assert.deepEqual(check(mac), { platform: "darwin-arm64", text: "Mac mini 2023, M2 Pro, macOS 13.5" })
    assert.equal(check({ ...mac, version: "26.1" }).platform, "darwin-arm64")
    assert.equal(check(linux).platform, "linux-x64")
    assert.equal(check({ ...linux, machine: "aarch64" }).platform, "linux-arm64")
  })

  it("says what a Mac is as far as it is known, and no number of GPU cores that its chip is not sold with", () => {
    const studio = { ...mac, "hw.model": "Mac15,14", "machdep.cpu.brand_string": "Apple M3 Ultra", version: "26.1" }
    const known = { ...studio, "hw.memsize": "549755813888", gpuCores: "80" }
    assert.equal(check(known).text, "Mac Studio 2025, M3 Ultra, 80 GPU cores, 512 GB, macOS 26.1")
    const damaged = { ...known, "hw.memsize": "5497558", gpuCores: "8" }
    assert.equal(check(damaged).text, "Mac Studio 2025, M3 Ultra, macOS 26.1")
    assert.equal(check({ ...known, "hw.model": "Mac99,1" }).text, "Mac99,1, M3 Ultra, 80 GPU cores, 512 GB, macOS 26.1")
  })

  const refusals: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ["an Intel Mac", { ...mac, "hw.optional.arm64": "", machine: "x86_64" }, /Intel Mac/],
    ["a login under Rosetta", { ...mac, machine: "x86_64", "sysctl.proc_translated": "1" }, /Rosetta/],
    ["a virtual Mac by its flag", { ...mac, "kern.hv_vmm_present": "1" }, /virtual machine/],
    ["a virtual Mac by its model", { ...mac, "hw.model": "VirtualMac2,1" }, /virtual machine/],
    ["an old macOS", { ...mac, version: "13.4.1" }, /macOS 13\.4\.1/],
    ["a macOS of no known version", { ...mac, version: "" }, /unknown version/],
    ["another system", { ...linux, system: "FreeBSD" }, /FreeBSD/],
    ["another processor", { ...linux, machine: "riscv64" }, /riscv64/],
    ["a Linux without glibc", { ...linux, libc: "musl" }, /musl/],
    ["a machine without perl", { ...linux, perl: "sh: perl: not found" }, /no working perl/],
    ["a home that cannot be written to", { ...linux, writable: "" }, /cannot be written/],
    ["a full disk", { ...linux, diskFreeKb: "100000" }, /98 MB/],
    ["a machine that says nothing", {}, /system is unknown/],
  ]
  for (const [what, facts, reason] of refusals) {
    it(`refuses ${what}, with the reason`, () => {
      assert.throws(
        () => check(facts),
        (error: { code?: string; message: string }) => error.code === "host_refused" && reason.test(error.message),
      )
    })
  }
})

describe("isAtLeast()", () => {
  it("compares by numbers, not by letters", () => {
    assert.ok(isAtLeast("13.10", "13.5"))
    assert.ok(isAtLeast("26", "13.5"))
    assert.ok(!isAtLeast("13", "13.5"))
    assert.ok(!isAtLeast("9.9", "13.5"))
    assert.ok(!isAtLeast("thirteen", "13.5"))
  })
})
