import assert from "node:assert/strict"
import { createServer } from "node:net"
import { test } from "node:test"
import { fromPattern, ownAddresses } from "./own-addresses.ts"

test("an address of ours becomes what sshd compares with: IPv6 by its network, as the rest changes", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["fe80::1c2d:3e4f%en0", "fe80::/10"],
    ["2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::/64"],
    ["2001:db8::7", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
  ]
  for (const [address, pattern] of cases) assert.equal(fromPattern(address), pattern)
})

test("one address that answers is enough, and where none does it is said why", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as { port: number }
  assert.deepEqual(await ownAddresses(["127.0.0.1", "::ffff:127.0.0.1"], port), {
    patterns: ["127.0.0.1"],
    problem: null,
  })
  await new Promise((resolve) => server.close(resolve))
  const { patterns, problem } = await ownAddresses(["127.0.0.1"], port)
  assert.deepEqual(patterns, [])
  assert.match(problem ?? "", /ECONNREFUSED/)
})
