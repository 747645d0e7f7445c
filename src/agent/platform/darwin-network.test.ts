import assert from "node:assert/strict"
import { test } from "node:test"
import { networkMarkOf } from "./darwin-network.ts"

const ROUTE = "   route to: default\ndestination: default\n  interface: en0\n recvpipe  sendpipe\n       0         0\n"
const interfaces = ({
  wifi = "active",
  cable = "inactive",
  media = "autoselect",
  airDrop = "active",
} = {}) => `lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
	inet 127.0.0.1 netmask 0xff000000
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	ether 5e:00:00:00:00:01
	inet6 fe80::1%en0 prefixlen 64 secured scopeid 0xb
	inet 192.168.1.20 netmask 0xffffff00 broadcast 192.168.1.255
	media: autoselect
	status: ${wifi}
en5: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	media: ${media} <full-duplex>
	status: ${cable}
awdl0: flags=8943<UP,BROADCAST,RUNNING,PROMISC,SIMPLEX,MULTICAST> mtu 1500
	status: ${airDrop}
`

test("networkMarkOf() differs with the default route, a cable, its speed and addresses, and with nothing else", () => {
  const mark = networkMarkOf(ROUTE, interfaces())
  assert.match(mark, /^en0\nen0\ninet 192\.168\.1\.20 /)
  assert.equal(networkMarkOf(ROUTE, interfaces({ airDrop: "inactive" })), mark)
  assert.equal(networkMarkOf(ROUTE.replace("       0 ", "      12 "), interfaces()), mark)
  const others = [
    networkMarkOf(ROUTE.replace("en0", "en5"), interfaces()),
    networkMarkOf("route: writing to routing socket: not in table\n", interfaces()),
    networkMarkOf(ROUTE, interfaces({ cable: "active" })),
    networkMarkOf(ROUTE, interfaces({ media: "1000baseT" })),
    networkMarkOf(ROUTE, interfaces({ wifi: "inactive" })),
    networkMarkOf(ROUTE, interfaces().replace("192.168.1.20 ", "192.168.1.21 ")),
  ]
  assert.equal(new Set([mark, ...others]).size, others.length + 1)
})
