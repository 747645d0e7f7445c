import assert from "node:assert/strict"
import { it } from "node:test"
import { broadcastOf, defaultInterface } from "./linux-network.ts"

const HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
const row = (name: string, destination: string, metric: number, mask: string) =>
  `${name}\t${destination}\t0102A8C0\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`

it("takes the default route with the least metric", () => {
  const routes =
    HEAD +
    row("wlan0", "00000000", 600, "00000000") +
    row("eth0", "00000000", 100, "00000000") +
    row("eth1", "0002A8C0", 0, "00FFFFFF")
  assert.equal(defaultInterface(routes), "eth0")
  assert.equal(defaultInterface(HEAD + row("eth1", "0002A8C0", 0, "00FFFFFF")), null)
  assert.equal(defaultInterface(""), null)
})

it("knows where all of a net hear", () => {
  assert.equal(broadcastOf("192.168.1.7", "255.255.255.0"), "192.168.1.255")
  assert.equal(broadcastOf("10.3.200.7", "255.255.248.0"), "10.3.207.255")
})
