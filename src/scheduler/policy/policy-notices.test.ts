import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { policyNotices } from "./policy-notices.ts"
import { readPolicy } from "./read-policy.ts"

describe("policyNotices()", () => {
  const vectors: readonly (readonly [text: string, ...notices: RegExp[]])[] = [
    [""],
    ["accounts: { a: { shares: 5 } }", /^shares decide nothing/],
    ["accounts: { a: { shares: 5 } }\npriority: { weights: { fair-share: 1 } }"],
    ["qos: { urgent: { rank: 5 } }", /^ranks of QOS/],
    ["partitions: { apple_gpu: {}, night: { rank: 5 } }", /^ranks of partitions/],
    ["qos: { urgent: { preempts: [normal] } }", /^preempts of QOS decides nothing: preemption\.by is off/],
    ["qos: { urgent: { preempts: [normal] } }\npreemption: { by: qos }"],
    ["preemption: { by: qos }", /no QOS says whom/],
    ["preemption: { by: tier }", /all partitions have one tier/],
    ["fair-share: { dampening: 2 }", /^fair-share\.dampening/],
    ["billing: { hosts: [{ chip: M1, factor: 1 }, { name: a, factor: 2 }, { chip: M1, factor: 3 }] }", /^entry 3 of/],
  ]
  for (const [text, ...notices] of vectors) {
    it(JSON.stringify(text), () => {
      const { policy } = readPolicy(text)
      assert.ok(policy !== null)
      const found = policyNotices(policy)
      assert.equal(found.length, notices.length, found.join("; "))
      for (const [at, notice] of notices.entries()) assert.match(found[at] ?? "", notice)
    })
  }
})
