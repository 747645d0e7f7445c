import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { policies } from "../../../test/support/policies.ts"
import { DEFAULT_POLICY } from "./default-policy.ts"
import { changeText, diffPolicies } from "./diff-policies.ts"
import { readPolicy } from "./read-policy.ts"

function policyOf(text: string) {
  const { policy, problems } = readPolicy(text)
  assert.deepEqual(problems, null)
  assert.ok(policy !== null)
  return policy
}

const BEFORE = `
accounts:
  vision: { shares: 50, users: { ann: 1, bob: 2 }, coordinators: [ann] }
  robots: { users: [cyd] }
default-account: vision
qos: { urgent: { rank: 10 } }
limits: { group: { resources: { gpu: 4, memory: 256G } } }
usage: { half-life: 7d }`

const AFTER = `
accounts:
  vision: { shares: 60, users: { ann: 3, dan: 1 }, coordinators: [bob] }
  bio: { parent: vision, users: [cyd] }
default-account: vision
qos: { urgent: { rank: 10, preempts: [normal] } }
limits: { group: { resources: { gpu: 8 } } }
partitions: { apple_gpu: { longest-time: 2d } }
usage: { half-life: none }
backfill: off`

describe("diffPolicies()", () => {
  it("says in words what changed", () => {
    const words = diffPolicies(policyOf(BEFORE), policyOf(AFTER)).map(changeText)
    assert.deepEqual(
      words.map((line) => line.replace(/is new: .*/, "is new")),
      [
        "account vision: shares 50 -> 60",
        "account vision: coordinators +bob -ann",
        "user ann in account vision: shares 1 -> 3",
        "user bob in account vision is gone",
        "user dan in account vision is new",
        "account robots is gone",
        "account bio is new",
        "partition apple_gpu: longest-time none -> 2d",
        "QOS urgent: preempts +normal",
        "limits.group.resources.gpu: 4 -> 8",
        "limits.group.resources.memory: 256G -> not set",
        "usage.half-life: 7d -> none",
        "backfill.enabled: true -> false",
      ],
    )
    assert.match(
      words.find((line) => line.startsWith("account bio")) ?? "",
      /is new: \{parent: vision, shares: 1, .*cyd: /,
    )
  })

  it("is plain data, with values as the file has them", () => {
    const changes = diffPolicies(DEFAULT_POLICY, policyOf("priority: { max-age: 14d }"))
    assert.deepEqual(changes, [{ path: ["priority", "max-age"], before: "7d", after: "14d" }])
  })

  it("finds nothing between a policy and itself, and something between others; both ways the same places", () => {
    fc.assert(
      fc.property(policies(), policies(), (a, b) => {
        assert.deepEqual(diffPolicies(a, structuredClone(a)), [])
        const [there, back] = [diffPolicies(a, b), diffPolicies(b, a)]
        const places = (changes: typeof there) => changes.map(({ path }) => path.join(" ")).sort()
        assert.deepEqual(places(there), places(back))
        assert.deepEqual(JSON.parse(JSON.stringify(there)), there)
        for (const change of there) assert.ok(changeText(change).length > 0)
      }),
      { numRuns: 30 },
    )
  })
})
