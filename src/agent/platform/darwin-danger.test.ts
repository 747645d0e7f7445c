import assert from "node:assert/strict"
import { test } from "node:test"
import { DarwinDanger } from "./darwin-danger.ts"

function look(danger: DarwinDanger, level: number | null, swapMegabytes: number): string | null {
  const swap = `total = 8192.00M  used = ${swapMegabytes}.00M  free = 64.00M  (encrypted)`
  const pressure = level === null ? [] : [["kern.memorystatus_vm_pressure_level", `${level}`] as const]
  return danger.look(new Map([["vm.swapusage", swap], ...pressure]))
}

test("critical pressure is danger, pressure alone is not, swap of former days is not", () => {
  const danger = new DarwinDanger()
  assert.equal(look(danger, 1, 4_000), null)
  assert.equal(look(danger, 2, 4_500), null)
  assert.match(look(danger, 4, 4_500) ?? "", /critical/)
  assert.equal(look(danger, 1, 7_000), null, "what grew in peace is old swap")
})

test("swap that grows under pressure is danger, from the last look in peace on", () => {
  const danger = new DarwinDanger()
  look(danger, 1, 1_000)
  assert.equal(look(danger, 2, 1_900), null)
  assert.match(look(danger, 2, 2_100) ?? "", /swapped out 1\.1 GB/)
  look(danger, 1, 2_100)
  assert.equal(look(danger, 2, 2_200), null)
})

test("swap is read with a decimal comma, too", () => {
  const danger = new DarwinDanger()
  const keys = (level: number, used: string) =>
    new Map([
      ["kern.memorystatus_vm_pressure_level", String(level)],
      ["vm.swapusage", `total = 4096,00M  used = ${used}M  free = 64,00M  (encrypted)`],
    ])
  assert.equal(danger.look(keys(1, "1000,00")), null)
  assert.match(danger.look(keys(2, "2100,50")) ?? "", /swapped out 1\.1 GB/)
})

test("what is not known is no danger", () => {
  assert.equal(new DarwinDanger().look(new Map()), null)
  assert.equal(look(new DarwinDanger(), null, 9_000), null)
})
