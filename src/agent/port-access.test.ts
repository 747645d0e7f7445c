import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer } from "node:net"
import { describe, test } from "node:test"
import { joinListeners, parseLsofListeners, parseNetstatListeners } from "./platform/darwin-ports.ts"
import { heldSockets, linuxListeners, parseListeners } from "./platform/linux-ports.ts"
import type { PortListener } from "./platform/platform.ts"
import { reachable } from "./port-access.ts"

const at = (address: string): PortListener => ({ address, id: address, pids: [] })

describe("reachable()", () => {
  test("loopback first, whatever was bound", () => {
    const [all, six, lan] = [at("0.0.0.0"), at("::"), at("192.168.1.5")]
    assert.deepEqual(reachable([lan, all], [lan, all]), ["127.0.0.1", "192.168.1.5"])
    assert.deepEqual(reachable([six], [six]), ["127.0.0.1", "::1"])
    assert.deepEqual(reachable([], []), [])
  })

  test("no address at which somebody else may answer", () => {
    const [own, all, six] = [at("127.0.0.1"), at("0.0.0.0"), at("::")]
    assert.deepEqual(reachable([own, all], [own]), [])
    assert.deepEqual(reachable([own, all], [all]), [])
    assert.deepEqual(reachable([own, six], [six]), ["::1"])
    assert.deepEqual(reachable([own, at("::1")], [own]), ["127.0.0.1"])
  })
})

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
const TABLE = `${HEAD}
   0: 0100007F:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 7001 1 0
   1: 0100007F:22B8 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 7002 1 0
   2: 00000000000000000000000001000000:22B8 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 7003 1
   3: 0000000000000000FFFF00000100007F:22B8 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 7004 1
   4: 00000000000000000000000000000000:22B8 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 7005 1
   5: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7006 1 0`

describe("listeners on Linux", () => {
  test("are read from /proc/net", () => {
    const found = parseListeners(TABLE, 8888).map(({ address, id }) => `${address} ${id}`)
    assert.deepEqual(found, ["127.0.0.1 7001", "::1 7003", "127.0.0.1 7004", ":: 7005"])
  })

  test("are told by who holds them", { skip: process.platform !== "linux" }, async () => {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as { port: number }
    const found = linuxListeners(port)
    assert.deepEqual(
      found.map(({ address }) => address),
      ["127.0.0.1"],
    )
    assert.deepEqual(heldSockets(found, new Set([process.pid])), found)
    assert.deepEqual(heldSockets(found, new Set([process.ppid])), [])
    server.close()
    await once(server, "close")
    assert.deepEqual(linuxListeners(port), [])
  })
})

const NETSTAT = `Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
tcp4       0      0  127.0.0.1.8888         *.*                    LISTEN
tcp6       0      0  ::1.8888               *.*                    LISTEN
tcp46      0      0  *.8888                 *.*                    LISTEN
tcp4       0      0  *.18888                *.*                    LISTEN
tcp4       0      0  127.0.0.1.8888         127.0.0.1.50000        ESTABLISHED`

describe("listeners on a Mac", () => {
  test("of all accounts are in netstat, those of this one in lsof with their process", () => {
    const all = parseNetstatListeners(NETSTAT, 8888)
    assert.deepEqual(all, ["127.0.0.1", "::1", "::"])
    const own = parseLsofListeners("p512\nf18\ntIPv4\nPTCP\nn127.0.0.1:8888\nf19\ntIPv6\nPTCP\nn[::1]:8888\n")
    const joined = joinListeners(all, own)
    assert.deepEqual(joined, [
      { address: "127.0.0.1", id: null, pids: [512] },
      { address: "::1", id: null, pids: [512] },
      { address: "::", id: null, pids: [] },
    ])
    const held = joined.filter(({ pids }) => pids.includes(512))
    // The stranger on "*" would get what goes to neither, and may be meant by both.
    assert.deepEqual(reachable(joined, held), [])
  })

  test("a second socket on the same address is a stranger's", () => {
    const joined = joinListeners(["0.0.0.0", "0.0.0.0"], [{ address: "0.0.0.0", pid: 7 }])
    assert.deepEqual(
      joined.map(({ pids }) => pids),
      [[7], []],
    )
  })
})
