import assert from "node:assert/strict"
import { test } from "node:test"
import { EVERY_HOST, matchesHost } from "./host-match.ts"

const STUDIO = { name: "studio", chip: "Apple M3 Ultra", labels: { room: "12", use: "lab" } }

test("a host is meant when all that is said agrees", () => {
  const of = (match: Partial<typeof EVERY_HOST>, host = STUDIO) => matchesHost({ ...EVERY_HOST, ...match }, host)
  assert.equal(of({}), true)
  assert.equal(of({ name: "studio" }), true)
  assert.equal(of({ name: "mini" }), false)
  for (const chip of ["M3 Ultra", "apple m3 ultra", "Apple  M3 Ultra"]) assert.equal(of({ chip }), true, chip)
  assert.equal(of({ chip: "M3" }), false)
  assert.equal(of({ labels: { room: "12" } }), true)
  assert.equal(of({ labels: { room: "12", use: "desk" } }), false)
  assert.equal(of({ labels: { floor: "1" } }), false)
  assert.equal(of({ name: "studio", chip: "M1" }), false)
})

test("a host whose chip is not known is none of any chip", () => {
  assert.equal(matchesHost({ ...EVERY_HOST, chip: "M1" }, { ...STUDIO, chip: null }), false)
  assert.equal(matchesHost(EVERY_HOST, { ...STUDIO, chip: null }), true)
})
