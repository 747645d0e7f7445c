import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { FactName } from "./fact-names.ts"
import { readOutput } from "./read-output.ts"

function toldOf(text: string, name: FactName, of?: string): unknown {
  const fact = readOutput(text).sheet.get(name, of)
  return fact === undefined || fact.known ? fact?.value : fact.reason
}

describe("what Macs print in other forms is read as well", () => {
  it("swap with decimal commas", () => {
    const swap = (text: string) => `vm.swapusage: ${text}  (encrypted)\nhw.ncpu: 8\n`
    const commas = swap("total = 2048,00M  used = 1024,50M  free = 1023,50M")
    assert.equal(toldOf(commas, "swapUsedBytes"), 1024.5 * 1024 ** 2)
    assert.equal(toldOf(commas, "swapTotalBytes"), 2048 * 1024 ** 2)
    assert.equal(toldOf(swap("total = 2.048,00M  used = 1.024,50M  free = 1.023,50M"), "swapUsedBytes"), "garbage")
  })

  it("a firewall that lets nothing in", () => {
    const blocking = "Firewall is blocking all non-essential incoming connections. (State = 2)\n"
    assert.equal(toldOf(blocking, "isFirewallOn"), true)
    assert.equal(toldOf(blocking.replace("2)", "0)"), "isFirewallOn"), "contradictory")
  })

  it("an interface whose medium is set by hand", () => {
    const stanza = (media: string, status: string) =>
      `en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500\n\tether d0:11:e5:18:1a:b0\n\tmedia: ${media}\n\tstatus: ${status}\n`
    const none = stanza("1000baseT <full-duplex> (none)", "inactive")
    const same = stanza("1000baseT (1000baseT <full-duplex>)", "active")
    const slower = stanza("1000baseT <full-duplex> (100baseTX <half-duplex>)", "active")
    const told = (text: string) =>
      (["linkKind", "isLinkActive", "linkMbps"] as const).map((name) => toldOf(text, name, "en0"))
    assert.deepEqual(told(none), ["ethernet", false, "no_such_key"])
    assert.deepEqual(told(same), ["ethernet", true, 1000])
    assert.deepEqual(told(slower), ["ethernet", true, 100])
    assert.deepEqual(told(stanza("1000baseT (1000baseT <full-duplex>)", "inactive")), [
      "ethernet",
      false,
      "no_such_key",
    ])
  })

  it("an interface with a medium of older Ethernet, or one in words that are not known", () => {
    const stanza = (media: string) =>
      `en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500\n\tether d0:11:e5:18:1a:b0\n\tmedia: ${media}\n\tstatus: active\n`
    const told = (media: string) =>
      (["linkKind", "isLinkActive", "linkMbps"] as const).map((name) => toldOf(stanza(media), name, "en0"))
    assert.deepEqual(told("autoselect (10baseT/UTP <half-duplex>)"), ["ethernet", true, 10])
    assert.deepEqual(told("10baseT/UTP <half-duplex>"), ["ethernet", true, 10])
    assert.deepEqual(told("<unknown subtype>"), ["no_such_key", true, "no_such_key"])
    assert.deepEqual(told("autoselect (<unknown subtype> <half-duplex>)"), ["garbage", true, "garbage"])
  })

  it("a volume with who mounted it", () => {
    const mount = "//ada@filer/share on /Volumes/share (smbfs, nodev, nosuid, mounted by ada)\n"
    assert.equal(toldOf(mount, "volumeOptions", "/Volumes/share"), "smbfs, nodev, nosuid")
  })

  it("displays in words, which do not tell whether all are left", () => {
    const text =
      "Graphics/Displays:\n\n    Apple M3 Pro:\n\n      Chipset Model: Apple M3 Pro\n      Displays:\n        Color LCD:\n          Resolution: 3456 x 2234 Retina\n"
    assert.equal(toldOf(text, "displays"), "no_such_key")
  })

  it("a laptop whose system does not say that its battery is installed", () => {
    const battery = (health: string) =>
      `{"SPPowerDataType":[{"_name":"spbattery_information","sppower_battery_charge_info":{"sppower_battery_state_of_charge":36}${health}}]}`
    const health = `,"sppower_battery_health_info":{"sppower_battery_cycle_count":128,"sppower_battery_health":"Good"}`
    assert.equal(toldOf(battery(health), "hasBattery"), true)
    assert.equal(toldOf(battery(health), "batteryPercent"), 36)
    assert.equal(toldOf(battery(""), "hasBattery"), "no_such_key")
  })

  it("who, with a tab before where somebody came from", () => {
    const who = "lena     console  Nov 27 08:01 \nlena     ttys000  Nov 27 09:12 \t(198.51.100.7)\n"
    assert.equal(toldOf(who, "loginFrom", "ttys000"), "198.51.100.7")
    assert.equal(toldOf(who, "loginOf", "console"), "lena")
  })

  it("volumes with several blanks in their names, and a note on those that are too odd", () => {
    const df = (name: string) =>
      `Filesystem     1024-blocks  Used Available Capacity iused ifree %iused  Mounted on\n/dev/disk4s1 1000000 250000 750000 25% 100 1000 9%   ${name}\n`
    assert.equal(toldOf(df("/Volumes/My  Disk"), "diskSizeBytes", "/Volumes/My  Disk"), 1_024_000_000)
    assert.match(readOutput(df("/opt/Ödland")).note ?? "", /1 line is not understood, the first: \/dev\/disk4s1/)
    assert.equal(toldOf(df("/opt/Ödland"), "diskAvailableBytes", "/opt/Ödland"), "garbage")
  })
})
