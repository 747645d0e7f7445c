import assert from "node:assert/strict"
import { test } from "node:test"
import { POLICY_FIELDS, POLICY_KEYS } from "./policy-values.ts"
import { RULE_CHOICES } from "./rule-choices.ts"

test("whatever is offered for a rule can be said of it", () => {
  for (const key of POLICY_KEYS) {
    for (const text of RULE_CHOICES[key]) assert.doesNotThrow(() => POLICY_FIELDS[key].read(text), `${key}: ${text}`)
    if (key !== "timeZone") assert.ok(RULE_CHOICES[key].length > 1, key)
  }
})
