import assert from "node:assert/strict"
import { test } from "node:test"
import { WindfallError } from "../../protocol/errors.ts"
import { type HostId, makeId } from "../../protocol/ids.ts"
import { Standing } from "./standing.ts"

const [ONE, TWO] = [1, 2].map((n) => makeId<HostId>("h", new Uint8Array(16).fill(n))) as [HostId, HostId]

function stand(askFirst: readonly HostId[]): { standing: Standing; told: string[] } {
  const told: string[] = []
  const standing = new Standing({
    askFirst,
    isElsewhere: (said) => said.proof === "good",
    onCleared: () => told.push("cleared"),
    onAside: () => told.push("aside"),
  })
  return { standing, told }
}

function doubled(seen: string | null, proof = "good"): WindfallError {
  return new WindfallError("server_doubled", "Cannot use this host: it is taken", { details: { seen, proof } })
}

test("where nothing was moved hosts are served at once", async () => {
  const { standing } = stand([])
  assert.equal(await standing.decided, true)
})

test("after a move no host is served before all are heard of", async () => {
  const { standing, told } = stand([ONE, TWO])
  standing.heardOf(ONE)
  standing.heardOf(ONE)
  assert.deepEqual(told, [])
  standing.heardOf(TWO)
  assert.equal(await standing.decided, true)
  assert.deepEqual(told, ["cleared"])
})

test("one host that has heard of the other meanwhile is enough to stand aside, once and for good", async () => {
  const { standing, told } = stand([ONE, TWO])
  standing.heardOf(ONE)
  standing.doubled(TWO, doubled("100"))
  standing.doubled(TWO, doubled("100"))
  assert.deepEqual(told, [])
  standing.doubled(TWO, doubled("200"))
  standing.doubled(TWO, doubled("300"))
  standing.heardOf(TWO)
  assert.equal(await standing.decided, false)
  assert.deepEqual(told, ["aside"])
  assert.equal(standing.aside?.code, "server_doubled")
})

test("a host whose other server has fallen silent holds nobody up", async () => {
  const { standing } = stand([ONE])
  standing.doubled(ONE, doubled("100"))
  standing.heardOf(ONE)
  assert.equal(await standing.decided, true)
  assert.equal(standing.aside, undefined)
})

test("a server that another has followed stands aside at the first word of it, although it was served before", () => {
  const { standing, told } = stand([])
  standing.doubled(ONE, doubled(null))
  assert.deepEqual(told, ["cleared", "aside"])
})

test("a host that cannot prove what it says keeps nobody from other hosts", async () => {
  const { standing, told } = stand([ONE])
  assert.equal(standing.doubled(ONE, doubled("100", "bad")), false)
  standing.doubled(ONE, doubled("200", "bad"))
  standing.doubled(ONE, doubled(null, "bad"))
  assert.equal(await standing.decided, true)
  assert.deepEqual(told, ["cleared"])
})
