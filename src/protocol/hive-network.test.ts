import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { netsWith, readHiveNets } from "./hive-network.ts"
import { ipv4Net, isInNet, netText } from "./ipv4-net.ts"

describe("networks of hives", () => {
  it("are private nets, kept in order", () => {
    assert.deepEqual(readHiveNets(["192.168.4.0/24", "10.0.0.0/8"], false), {
      nets: ["10.0.0.0/8", "192.168.4.0/24"],
      problem: null,
    })
  })

  it("are refused, with the reason, where they are none, too wide, public, or said twice", () => {
    const problem = (typed: string[], allowsPublic = false) => readHiveNets(typed, allowsPublic).problem
    assert.match(problem([]) ?? "", /no network was named/)
    for (const text of ["10.0.0.0", "10.0.0/24", "10.0.0.256/24", "10.0.0.0/33", "lab", "10.0.0.0/", "10.0.0.0/-1"])
      assert.match(problem([text]) ?? "", /no network/, text)
    assert.match(problem(["fd00::/8"]) ?? "", /not IPv4/)
    assert.match(problem(["0.0.0.0/0"]) ?? "", /too wide: it is everybody/)
    assert.match(problem(["0.0.0.0/0"], true) ?? "", /too wide/)
    assert.match(problem(["8.0.0.0/7"], true) ?? "", /too wide/)
    assert.match(problem(["10.0.7.5/24"]) ?? "", /is an address in a network/)
    assert.match(problem(["10.0.7.4/31"]) ?? "", /no room for two/)
    assert.match(problem(["127.0.0.0/8"], true) ?? "", /loopback/)
    assert.match(problem(["169.254.0.0/16"], true) ?? "", /give themselves/)
    assert.match(problem(["224.0.0.0/8"], true) ?? "", /multicast/)
    assert.match(problem(["131.188.0.0/16"]) ?? "", /is not private/)
    assert.equal(problem(["131.188.0.0/16"], true), null)
    assert.match(problem(["172.0.0.0/8"]) ?? "", /is not private/)
    assert.match(problem(["10.0.0.0/8", "10.1.0.0/16"]) ?? "", /overlap/)
    assert.match(problem(["10.1.0.0/16", "10.1.0.0/16"]) ?? "", /named twice/)
    assert.match(problem(Array.from({ length: 17 }, (_, at) => `10.${at}.0.0/16`)) ?? "", /more than 16/)
  })

  it("hold just the addresses that begin with their bits", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.ipV4(), (address, bits, other) => {
        const net = netText(ipv4Net(`${address}/${bits}`)!)
        assert.ok(isInNet(net, address))
        const binary = (one: string) =>
          one
            .split(".")
            .map((byte) => Number(byte).toString(2).padStart(8, "0"))
            .join("")
        assert.equal(isInNet(net, other), binary(other).startsWith(binary(address).slice(0, bits)))
      }),
    )
    assert.deepEqual(netsWith(["10.0.7.0/24", "10.0.8.0/24"], [{ address: "192.168.1.1" }, { address: "10.0.8.1" }]), [
      "10.0.8.0/24",
    ])
  })
})

it("what is no network is said in words, with an example", () => {
  const word = readHiveNets(["banana"], false)
  assert.match(word.problem ?? "", /"banana" is no network of IPv4 addresses \(CIDR\)/)
  const alone = readHiveNets(["10.0.7.5"], false)
  assert.match(alone.problem ?? "", /"10\.0\.7\.5" is one address/)
  for (const { nets, ...said } of [word, alone])
    assert.match("hint" in said ? (said.hint ?? "") : "", /fleet set --hive-network trusted 10\.0\.7\.0\/24/)
})
