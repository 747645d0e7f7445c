import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { DEFAULT_POLICY } from "./default-policy.ts"
import { policyCodec } from "./policy-codec.ts"
import { readPolicy } from "./read-policy.ts"

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/policy-file.md"), "utf8")

test("the example of docs/policy-file.md is a good policy", () => {
  const [, example = ""] = /```yaml\n(.*?)```/s.exec(PAGE) ?? []
  assert.ok(example.length > 500)
  assert.deepEqual(readPolicy(example).problems, null)
})

test("docs/policy-file.md has every key of the file", () => {
  const member = { ...DEFAULT_POLICY.accounts[0]!, members: [] }
  const written = policyCodec.write({ ...DEFAULT_POLICY, accounts: [member] }, true)
  const keys = new Set<string>()
  const collect = (value: unknown) => {
    if (!(value instanceof Map)) return
    for (const [key, one] of value) {
      keys.add(key)
      collect(one)
    }
  }
  collect(written)
  assert.ok(keys.size > 50)
  const names = [DEFAULT_POLICY.accounts[0]?.name, DEFAULT_POLICY.partitions[0]?.name, DEFAULT_POLICY.qos[0]?.name]
  for (const key of keys) assert.ok(names.includes(key) || new RegExp(`\\b${key}\\b`).test(PAGE), key)
})
