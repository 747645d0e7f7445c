import assert from "node:assert/strict"
import { test } from "node:test"
import type { FactName } from "./fact-names.ts"
import { parseAssertions } from "./pmset-assertions.ts"
import { readOutput } from "./read-output.ts"

const NAMES = ["Lena's Mac", 'the "big" one', "100% mine", "Ödland 東京", "a\tb", "Ada\u2019s (2)", "-x #1!"]

function toldOf(text: string, hint: string, name: FactName, of?: string): unknown {
  const fact = readOutput(text, { hint }).sheet.get(name, of)
  return fact === undefined || fact.known ? fact?.value : fact.reason
}

test("what people call their things is read, or unknown with a reason, whatever letters and signs it has", () => {
  for (const name of NAMES) {
    const service = `Browsing for _ssh._tcp\nDATE: ---Tue 27 Jul 2027---\n12:23:20.361  ...STARTING...\n12:23:20.362  Add        2  14 local.               _ssh._tcp.           ${name}\n`
    assert.equal(toldOf(service, "dns-sd-B", "sshService", name), true, name)
    const volume = `/Volumes/${name}`
    const mount = `/dev/disk4s1 on ${volume} (apfs, local, nodev, nosuid)\n`
    assert.equal(toldOf(mount, "mount", "volumeOptions", volume), "apfs, local, nodev, nosuid", name)
    const df = `Filesystem     1024-blocks  Used Available Capacity iused ifree %iused  Mounted on\n/dev/disk4s1 1000000 250000 750000 25% 100 1000 9%   ${volume}\n`
    assert.equal(toldOf(df, "df-k", "diskSizeBytes", volume), 1_024_000_000, name)
    const order = `An asterisk (*) denotes that a network service is disabled.\n(1) ${name}\n(Hardware Port: Ethernet, Device: en0)\n\n`
    assert.equal(toldOf(order, "networksetup-listnetworkserviceorder", "serviceState", name), "enabled, en0", name)
    const row = `Listed by owning process:\n   pid 512(${name}): [0x0000000100018a2b] 00:12:00 PreventUserIdleSystemSleep named: "x" \n`
    assert.equal(toldOf(row, "pmset-g-assertions", "assertionBy", "512 PreventUserIdleSystemSleep"), "garbage")
    assert.equal(parseAssertions(row)[0]?.program, name)
    const xcode = `/Applications/Xcode ${name}.app/Contents/Developer`
    if (!name.includes("\t")) assert.equal(toldOf(`${xcode}\n`, "xcode-select-p", "developerFolder"), xcode)
    const port = `\nHardware Port: ${name}\nDevice: en4\nEthernet Address: d0:11:e5:18:1a:b0\n\n`
    const told = toldOf(port, "networksetup-listallhardwareports", "portName", "en4")
    // macOS names ports itself, so these are odd.
    assert.equal(told, "garbage", name)
  }
})

test("a folder of developer tools that cannot be read is unknown", () => {
  assert.equal(toldOf("/opt/some/where\n", "xcode-select-p", "developerFolder"), "garbage")
})
