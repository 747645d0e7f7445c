import assert from "node:assert/strict"
import { networkInterfaces } from "node:os"
import { test } from "node:test"
import { isPrivateAddress } from "./private-address.ts"

test("isPrivateAddress() knows the server's own networks in every way of writing them", () => {
  const near = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.1.2.3",
    "100.100.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.168.1.1",
    "224.0.0.251",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:192.168.0.1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "fd00::1",
    "fe80::1",
    "fe80::1%en0",
    "ff02::fb",
    "not an address",
  ]
  for (const address of near) assert.equal(isPrivateAddress(address), true, address)
  for (const address of ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]) {
    assert.equal(isPrivateAddress(address), false, address)
  }
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  for (const { address } of own) assert.equal(isPrivateAddress(address), true, address)
})
