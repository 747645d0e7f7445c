import assert from "node:assert/strict"
import { chmodSync, readFileSync } from "node:fs"
import { describe, it } from "node:test"
import { memberContext, SOME_ORDER } from "../../test/support/member-context.ts"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { readHiveOrder } from "../hive/order/read-hive-order.ts"
import { Loss } from "./loss.ts"
import { rdmaSite } from "./rdma-site.ts"

const MATRIX = [
  [null, "rdma_en5"],
  ["rdma_en4", null],
]

describe("what MLX is told of RDMA", () => {
  it("is a file with the devices of all ranks, where this host has its own; else it is said which is missing", async () => {
    using scratch = new ScratchFolder()
    scratch.write({
      "hosts.json": '[["10.0.0.1:5001"],["10.0.0.2:5002"]]\n',
      "bin/ibv_devices": "#!/bin/sh\nprintf '    device   node GUID\\n    rdma_en5   d0b5e9ab23cfac05\\n'\n",
    })
    chmodSync(scratch.at("bin/ibv_devices"), 0o755)
    const environment = { MLX_HOSTFILE: scratch.at("hosts.json"), PATH: scratch.at("bin"), TMPDIR: scratch.path }
    const site = await rdmaSite(memberContext({ environment }), MATRIX)
    assert.equal(site.coordinator, "10.0.0.1:5001")
    assert.deepEqual(JSON.parse(readFileSync(site.devicesFile, "utf8")), MATRIX)
    const failing = async (rank: number, changes: Readonly<Record<string, string>>) => {
      const error = await rdmaSite(memberContext({ rank, environment: { ...environment, ...changes } }), MATRIX).then(
        () => assert.fail("it went on"),
        (thrown: unknown) => thrown,
      )
      assert.ok(error instanceof Loss)
      return [error.code, error.member, error.message] as const
    }
    const [code, member, message] = await failing(1, {})
    assert.deepEqual([code, member], ["unreachable", 1])
    assert.match(message, /no RDMA device rdma_en4 on this host \(ibv_devices lists rdma_en5\)/)
    assert.match((await failing(0, { PATH: scratch.at("nothing") }))[2], /lists none/)
    assert.equal((await failing(0, { MLX_HOSTFILE: "" }))[0], "order_refused")
  })

  it("is in the order as a device from each to each other, and nothing else is taken for that", () => {
    const members = [0, 1].map(() => ({ modelPath: "model", firstLayer: 0, layers: 4 }))
    const order = { ...SOME_ORDER, engine: "mlx", mode: "tensor", members }
    const read = (rdma: unknown) => readHiveOrder(JSON.stringify({ ...order, rdma }))
    assert.deepEqual(read(MATRIX).rdma, MATRIX)
    assert.equal("rdma" in readHiveOrder(JSON.stringify(order)), false)
    for (const wrong of [null, [], [[null, "rdma_en5"]], [MATRIX[0], ["en4", null]], [MATRIX[0], [null, null]]])
      assert.throws(() => read(wrong), /Cannot read the hive's order: rdma/)
    assert.throws(() => read([MATRIX[0], ["rdma_en4", "rdma_en5"]]), /none to itself/)
  })
})
