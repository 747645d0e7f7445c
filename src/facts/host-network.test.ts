import assert from "node:assert/strict"
import { describe, it, test } from "node:test"
import fc from "fast-check"
import { hostNetworkOf, wakesForNetwork } from "./host-network.ts"
import { interfaceAddress } from "./interface-address.ts"
import { mergeSheets } from "./merge.ts"
import { readPlatformUuid } from "./platform-uuid.ts"
import { readOutput } from "./read-output.ts"

const route = (name: string) =>
  `   route to: default\ndestination: default\n       mask: default\n    gateway: 10.20.10.1\n  interface: ${name}\n      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING>\n`
const PORTS =
  "\nHardware Port: Ethernet\nDevice: en0\nEthernet Address: d0:11:e5:18:1a:ba\n\nHardware Port: Wi-Fi\nDevice: en1\nEthernet Address: d0:11:e5:1d:b9:b8\n\nHardware Port: Thunderbolt Bridge\nDevice: bridge0\nEthernet Address: 36:b8:a3:15:10:80\n\nVLAN Configurations\n===================\n"
const stanza = (name: string, media: string, address = "10.20.10.9", broadcast = "10.20.10.255") =>
  `${name}: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500\n\toptions=567<RXCSUM,TXCSUM>\n\tether d0:11:e5:18:1a:b${name.at(-1)}\n\tinet ${address} netmask 0xffffff00 broadcast ${broadcast}\n\tmedia: ${media}\n\tstatus: active\n`
const AIRPORT = JSON.stringify({
  SPAirPortDataType: [
    {
      spairport_airport_interfaces: [
        {
          _name: "en1",
          spairport_current_network_information: { spairport_network_rate: 866 },
          spairport_status_information: "spairport_status_connected",
        },
      ],
    },
  ],
})
const THUNDERBOLT = JSON.stringify({
  SPThunderboltDataType: [
    {
      _name: "thunderboltusb4_bus_1",
      _items: [{ _name: "Mac Studio", device_name_key: "Mac15,14", domain_uuid_key: "0A" }],
      receptacle_1_tag: { current_speed_key: "80 Gb/s", receptacle_status_key: "receptacle_connected" },
    },
  ],
})

function networkOf(...texts: readonly string[]) {
  return hostNetworkOf(mergeSheets(texts.map((text) => ({ source: "test", sheet: readOutput(text).sheet }))))
}

describe("a Mac on the network", () => {
  it("has the speed of its cable, where the default route goes over one", () => {
    const ifconfig = stanza("en0", "autoselect (10Gbase-T <full-duplex,flow-control>)")
    assert.deepEqual(networkOf(route("en0"), PORTS, ifconfig), {
      kind: "ethernet",
      mbps: 10_000,
      interface: "en0",
      peers: [],
    })
  })

  it("has the rate of Wi-Fi only where that was asked, and Macs at its Thunderbolt ports by model", () => {
    const ifconfig = stanza("en1", "autoselect")
    const quick = networkOf(route("en1"), PORTS, ifconfig)
    assert.deepEqual(quick, { kind: "wifi", mbps: null, interface: "en1", peers: [] })
    const slow = networkOf(route("en1"), PORTS, ifconfig, AIRPORT, THUNDERBOLT)
    assert.deepEqual(slow, { kind: "wifi", mbps: 866, interface: "en1", peers: ["Mac15,14"] })
  })

  it("may have its default route over Thunderbolt, or over what nobody names", () => {
    assert.deepEqual(networkOf(route("bridge0"), PORTS).kind, "thunderbolt")
    assert.deepEqual(networkOf(route("utun4"), PORTS), { kind: "unknown", mbps: null, interface: "utun4", peers: [] })
  })

  it("is unknown where two commands say different things, and where nothing is said", () => {
    const contradictory = networkOf(route("en1"), PORTS, stanza("en1", "1000baseT <full-duplex>"))
    assert.equal(contradictory.kind, "unknown")
    assert.deepEqual(networkOf(), { kind: "unknown", mbps: null, interface: null, peers: [] })
  })

  it("wakes for the network where its settings in use say so", () => {
    const settings = (womp: string) =>
      `System-wide power settings:\nCurrently in use:\n${womp} displaysleep         10\n`
    assert.equal(wakesForNetwork(readOutput(settings(" womp                 1\n")).sheet), true)
    assert.equal(wakesForNetwork(readOutput(settings(" womp                 0\n")).sheet), false)
    assert.equal(wakesForNetwork(readOutput(settings("")).sheet), null)
  })
})

describe("what wakes a Mac", () => {
  it("is read of the interface that is asked for, and of no other", () => {
    const text =
      stanza("en0", "autoselect (1000baseT <full-duplex>)") + stanza("en1", "autoselect", "10.0.9.2", "10.0.9.255")
    assert.deepEqual(interfaceAddress(text, "en0"), { hardware: "d0:11:e5:18:1a:b0", broadcast: "10.20.10.255" })
    assert.deepEqual(interfaceAddress(text, "en1"), { hardware: "d0:11:e5:18:1a:b1", broadcast: "10.0.9.255" })
    assert.equal(interfaceAddress(text, "en2"), null)
  })

  it("is not known where it is there twice, self-assigned or cut", () => {
    const text = stanza("en0", "autoselect")
    assert.equal(interfaceAddress(`${text}\tether d0:11:e5:18:1a:ff\n`, "en0"), null)
    assert.equal(interfaceAddress(stanza("en0", "none", "169.254.3.4", "169.254.255.255"), "en0"), null)
    assert.equal(interfaceAddress(text.slice(0, text.indexOf(" broadcast")), "en0"), null)
  })

  test("whatever is printed, it is an address or nothing", () => {
    const noise = fc.array(
      fc.constantFrom(...stanza("en0", "autoselect").split("\n"), "en0: flags=8863<UP> mtu 1500", "x"),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          noise.map((lines) => lines.join("\n")),
        ),
        (text) => {
          const found = interfaceAddress(text, "en0")
          if (found !== null) assert.match(found.hardware, /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/)
        },
      ),
    )
  })
})

describe("the platform UUID", () => {
  const UUID = "CE3A2773-AF9E-515B-918B-5EE5C09372D7"
  const text = (uuid: string) =>
    `+-o J180dAP  <class IOPlatformExpertDevice, id 0x100000112, registered, matched, active, busy 0 (21613 ms), retain 47>\n    {\n      "manufacturer" = <"Apple Inc.">\n      "IOPlatformUUID" = "${uuid}"\n      "model" = <"Mac15,14">\n    }\n`
  const xml = (uuid: string) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n<array>\n\t<dict>\n\t\t<key>IOPlatformSerialNumber</key>\n\t\t<string>C02</string>\n\t\t<key>IOPlatformUUID</key>\n\t\t<string>${uuid}</string>\n\t</dict>\n</array>\n</plist>\n`

  it("is read from both forms", () => {
    assert.deepEqual(readPlatformUuid(text(UUID)), { known: true, value: UUID })
    assert.deepEqual(readPlatformUuid(xml(UUID)), { known: true, value: UUID })
  })

  it("is unknown where it is damaged, empty, zero or not there", () => {
    for (const bad of ["", "CE3A2773", "00000000-0000-0000-0000-000000000000", UUID.toLowerCase()]) {
      assert.equal(readPlatformUuid(text(bad)).known, false, bad)
      assert.equal(readPlatformUuid(xml(bad)).known, false, bad)
    }
    assert.equal(readPlatformUuid("").known, false)
  })

  test("of a text that was cut it is the same or unknown", () => {
    for (const whole of [text(UUID), xml(UUID)]) {
      fc.assert(
        fc.property(fc.nat(whole.length), (length) => {
          const reading = readPlatformUuid(whole.slice(0, length))
          if (reading.known) assert.equal(reading.value, UUID)
        }),
      )
    }
  })
})
