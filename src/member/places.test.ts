import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { SOME_ORDER } from "../../test/support/member-context.ts"
import { Loss } from "./loss.ts"
import { readPlaces } from "./places.ts"

const VARIABLES = {
  WINDFALL_RANK: "1",
  WINDFALL_NODE_COUNT: "2",
  WINDFALL_PEERS: "10.0.0.1 10.0.0.2",
  WINDFALL_PEER_PORTS: "5001 5002",
  WINDFALL_NODE_NAMES: "mac-1 mac-2",
}

describe("where members are", () => {
  it("is read from the job's environment", () => {
    assert.deepEqual(readPlaces(SOME_ORDER, VARIABLES), {
      rank: 1,
      places: [
        { host: "mac-1", address: "10.0.0.1", port: 5001 },
        { host: "mac-2", address: "10.0.0.2", port: 5002 },
      ],
    })
  })

  it("is never one of one because a variable is missing", () => {
    for (const name of Object.keys(VARIABLES)) {
      for (const value of [undefined, "", "7", "10.0.0.1"]) {
        assert.throws(
          () => readPlaces(SOME_ORDER, { ...VARIABLES, [name]: value }),
          (error) => error instanceof Loss && error.code === "order_refused",
          `${name}=${value}`,
        )
      }
    }
    assert.throws(() => readPlaces(SOME_ORDER, {}), /for 2 hosts, the job has one/)
  })

  it("is this host alone where the order has one member", () => {
    const order = { ...SOME_ORDER, members: [{ modelPath: "/a", firstLayer: 0, layers: 4 }] }
    assert.equal(readPlaces(order, {}).places.length, 1)
    assert.throws(() => readPlaces(order, VARIABLES), Loss)
  })
})
