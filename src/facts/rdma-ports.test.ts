import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { rdmaMesh } from "../hive/fleet/rdma-mesh.ts"
import { rdmaPorts } from "./rdma-ports.ts"

const DOMAINS = ["28CA4C30-A263-4C55-B302-953416D0B209", "57AE1A4C-B830-48D1-90DD-A3EDB8AC8DFC"] as const
const PEER = "817DCFA4-B481-4100-80FC-91C7AA969F0B"
const IBV = `    device              node GUID
    ------          ----------------
    rdma_en3        d1b5e9ab23cfac05
    rdma_en2        d0b5e9ab23cfac05
`
const PORTS = `
Hardware Port: Ethernet
Device: en0
Ethernet Address: d0:11:e5:18:1a:ba

Hardware Port: Thunderbolt 1
Device: en2
Ethernet Address: 36:00:00:00:00:01

Hardware Port: Thunderbolt 2
Device: en3
Ethernet Address: 36:00:00:00:00:02
`
const MAC = { _name: "MacBook Pro", device_name_key: "Mac17,7", domain_uuid_key: PEER }
const DRIVE = { _name: "Envoy Ultra", device_name_key: "Envoy Ultra" }
const THUNDERBOLT = {
  SPThunderboltDataType: [
    { domain_uuid_key: DOMAINS[0], receptacle_1_tag: { receptacle_id_key: "2" }, _items: [MAC] },
    { domain_uuid_key: DOMAINS[1], receptacle_1_tag: { receptacle_id_key: "1" }, _items: [DRIVE] },
  ],
}
const ALL = { ibvDevices: IBV, thunderbolt: THUNDERBOLT, hardwarePorts: PORTS, addressed: new Set(["en2", "en3"]) }

describe("ports over which RDMA could go", () => {
  it("are those with a device and an address of their own, each with who is at its cable", () => {
    assert.deepEqual(rdmaPorts(ALL), [
      { device: "rdma_en3", domain: DOMAINS[0], peer: PEER },
      { device: "rdma_en2", domain: DOMAINS[1], peer: null },
    ])
  })

  it("are none where RDMA is off, the port belongs to the bridge, or something does not say", () => {
    assert.deepEqual(rdmaPorts({ ...ALL, ibvDevices: "" }), [])
    assert.deepEqual(rdmaPorts({ ...ALL, ibvDevices: "zsh:1: command not found: ibv_devices" }), [])
    assert.deepEqual(rdmaPorts({ ...ALL, addressed: new Set(["en0", "bridge0"]) }), [])
    assert.deepEqual(rdmaPorts({ ...ALL, hardwarePorts: "" }), [])
    for (const thunderbolt of [null, {}, { SPThunderboltDataType: [{ receptacle_1_tag: "x" }] }])
      assert.deepEqual(rdmaPorts({ ...ALL, thunderbolt }), [])
  })
})

describe("a mesh of RDMA", () => {
  const port = (device: number, domain: string, peer: string | null) => ({ device: `rdma_en${device}`, domain, peer })
  const [a, b, c] = [
    [port(5, "A1", "B1"), port(4, "A2", "C1")],
    [port(5, "B1", "A1"), port(3, "B2", "C2")],
    [port(4, "C1", "A2"), port(3, "C2", "B2")],
  ]

  it("names of each rank the device that leads to each other", () => {
    assert.deepEqual(rdmaMesh([a!, b!, c!]), [
      [null, "rdma_en5", "rdma_en4"],
      ["rdma_en5", null, "rdma_en3"],
      ["rdma_en4", "rdma_en3", null],
    ])
    assert.deepEqual(rdmaMesh([b!, a!]), [
      [null, "rdma_en5"],
      ["rdma_en5", null],
    ])
  })

  it("is none where one cable is missing, or only one end tells of it", () => {
    assert.equal(rdmaMesh([a!, b!, [port(4, "C1", "A2")]]), null)
    assert.equal(rdmaMesh([a!, [port(5, "B1", null)]]), null)
    assert.equal(rdmaMesh([a!, null]), null)
  })
})
