import assert from "node:assert/strict"
import { test } from "node:test"
import { freeName, nameFromAddress } from "./host-name.ts"

test("an address names its machine, unless it is a number", () => {
  assert.equal(nameFromAddress("anna@Studio-1.lab"), "studio-1")
  assert.equal(nameFromAddress("mini"), "mini")
  assert.equal(nameFromAddress("local:/tmp/x"), "local")
  for (const address of ["worker@10.220.77.12", "127.0.0.1", "anna@fe80::1"])
    assert.equal(nameFromAddress(address), null)
})

test("a machine is called as it calls itself, by a name that is valid and that no other host has", () => {
  const at = "worker@10.0.0.7"
  assert.equal(freeName("Mias-Studio.local", at, new Set()), "mias-studio")
  assert.equal(freeName("Mia\u2019s Mac", at, new Set()), "mia-s-mac")
  assert.equal(freeName("mini", at, new Set(["mini", "mini-2"])), "mini-3")
  assert.equal(freeName("x".repeat(80), at, new Set(["x".repeat(63)])), `${"x".repeat(61)}-2`)
  for (const hostname of ["", "localhost", "192.168.1.5", "...", "77"])
    assert.equal(freeName(hostname, at, new Set()), "10.0.0.7")
  assert.equal(freeName("localhost", at, new Set(["10.0.0.7"])), "10.0.0.7-2")
})
