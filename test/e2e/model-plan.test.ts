import assert from "node:assert/strict"
import { test } from "node:test"
import { headerOf, smallModel } from "../support/hive-models.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: [{ kind: "mac" }, {}], server: { labMacs: true } })

test("model plan plans on the hosts there are, by what they said of themselves", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "small.gguf": headerOf(smallModel()).header })
  const names = pool().hosts.map(({ name }) => name)
  const mac = await pool().untilHost(names[0] ?? "", ({ facts }) => facts !== null)
  const { exitCode, stdout, stderr } = await pool().windfall(["model", "plan", "--json", scratch.at("small.gguf")])
  assert.deepEqual([exitCode, stderr], [0, ""])
  const { fits, plan, wholeOn } = JSON.parse(stdout)
  assert.ok(fits)
  assert.deepEqual(wholeOn.toSorted(), names.toSorted())
  // Of a Linux box no bandwidth is known: the Mac is the faster one, and its speed is predicted.
  assert.equal(plan.members[0].host, mac.name)
  assert.ok(plan.tokensPerSecond.generation.low > 0)
  assert.equal(plan.members[0].workingSetBytes, mac.facts?.gpuMemoryBytes)
})
