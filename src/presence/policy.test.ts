import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { GIB, MINUTE_MS } from "../../test/support/presence-scenes.ts"
import { WindfallError } from "../protocol/errors.ts"
import { effectivePolicy, policyLines, presenceRule } from "./effective-policy.ts"
import { keptMemoryBytes, mayRunThere, mindsPresence, PRESET_NAMES, presetOf } from "./owner-policy.ts"
import { POLICY_FIELDS, POLICY_KEYS, readPolicy, ruleText } from "./policy-values.ts"

describe("readPolicy()", () => {
  const rows: [name: string, text: string, written?: string][] = [
    ["start_after_idle", "20m"],
    ["start_after_idle", "0s"],
    ["on_return", "Yield", "yield"],
    ["resume_after_idle", "90s"],
    ["vacate_after", "0s"],
    ["hours", "weekdays 18:00-09:00, weekends"],
    ["never", "12:00-13:30"],
    ["time_zone", "Europe/Berlin"],
    ["time_zone", "own"],
    ["on_battery", "above 50%"],
    ["on_battery", "yes"],
    ["low_power_mode", "yes"],
    ["display", "sleep"],
    ["who", "anna, ben"],
    ["who", "everyone"],
    ["who", "nobody"],
    ["keep_memory", "16G"],
    ["keep_memory", "1.5G", "1536M"],
    ["keep_memory", "default"],
  ]
  for (const [name, text, written = text] of rows) {
    it(`${name} ${text}`, () => {
      const [key] = POLICY_KEYS.filter((each) => POLICY_FIELDS[each].name === name)
      const { values } = effectivePolicy({ preset: "default", values: {} }, readPolicy({ [name]: text }))
      assert.equal(ruleText(key!, values), written)
    })
  }

  const refused: [name: string, text: string, message: string, hint: RegExp][] = [
    ["start_after_idle", "15", 'Cannot set start_after_idle: "15" has no unit', /start_after_idle '15m'/],
    ["start_after_idle", "8d", 'Cannot set start_after_idle: "8d" is too long: 7d at most', /For instance/],
    ["on_return", "stop", 'Cannot set on_return: "stop" is not one of suspend, vacate, yield, ignore', /suspend/],
    ["hours", "6pm-9am", 'Cannot set hours: "6pm-9am" is no span of time', /weekdays 18:00-09:00/],
    ["never", "", "Cannot set never: it is empty", /12:00-13:30/],
    ["time_zone", "Berlin", 'Cannot set time_zone: "Berlin" is no time zone', /Europe\/Berlin/],
    ["on_battery", "above half", 'Cannot set on_battery: "above half" has no percentage', /above 50%/],
    ["on_battery", "above 100%", 'Cannot set on_battery: "above 100%" is never so', /above 50%/],
    ["low_power_mode", "maybe", 'Cannot set low_power_mode: "maybe" is not one of no, yes', /no/],
    ["display", "off", 'Cannot set display: "off" is not one of leave, sleep', /sleep/],
    ["who", "", "Cannot set who: it is empty", /anna, ben/],
    ["who", "everyone, ben", 'Cannot set who: "everyone" stands alone', /anna, ben/],
    ["keep_memory", "16", 'Cannot set keep_memory: "16" has no unit', /16G/],
    ["vacate-after", "5m", 'Cannot set "vacate-after": there is no such rule', /Did you mean vacate_after/],
    ["constructor", "5m", 'Cannot set "constructor": there is no such rule', /The rules are start_after_idle/],
  ]
  for (const [name, text, message, hint] of refused) {
    it(`refuses ${name} ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => readPolicy({ [name]: text }),
        (error) => {
          assert.ok(error instanceof WindfallError)
          assert.equal(error.code, "invalid_input")
          assert.ok(error.message.startsWith(message), error.message)
          assert.match(error.hint ?? "", hint)
          assert.deepEqual(error.details, { field: name })
          return true
        },
      )
    })
  }

  it("reads every rule as it is written, and its own example", () => {
    for (const preset of PRESET_NAMES) {
      const { values } = presetOf(preset)
      const written = Object.fromEntries(POLICY_KEYS.map((key) => [POLICY_FIELDS[key].name, ruleText(key, values)]))
      assert.deepEqual(readPolicy(written), values)
    }
    for (const key of POLICY_KEYS) readPolicy({ [POLICY_FIELDS[key].name]: POLICY_FIELDS[key].example })
  })
})

describe("effectivePolicy()", () => {
  it("takes each rule from the owner, else from the fleet, else from the preset, and says from whom", () => {
    const fleet = {
      preset: "condor",
      values: readPolicy({ on_return: "vacate", time_zone: "UTC", who: "ben" }),
    } as const
    const policy = effectivePolicy(fleet, readPolicy({ on_return: "yield", time_zone: "own" }))
    assert.equal(policy.values.onReturn, "yield")
    assert.equal(policy.values.timeZone, null)
    assert.deepEqual(policy.values.who, ["ben"])
    assert.equal(policy.values.vacateAfterMs, 10 * MINUTE_MS)
    assert.deepEqual(
      [policy.from.onReturn, policy.from.timeZone, policy.from.who, policy.from.vacateAfterMs],
      ["owner", "owner", "fleet", "preset"],
    )
    const lines = policyLines(policy)
    assert.ok(lines.includes("on_return: yield (the owner said so)"))
    assert.ok(lines.includes("who: ben (the fleet said so)"))
    assert.ok(lines.includes("vacate_after: 10m (preset condor)"))
  })

  it("calls nobody here for longer than the policy waits for", () => {
    const hereIdleMs = (values: Record<string, string>) =>
      presenceRule(effectivePolicy({ preset: "default", values: {} }, readPolicy(values))).hereIdleMs
    assert.equal(hereIdleMs({}), 60_000)
    assert.equal(hereIdleMs({ start_after_idle: "20s" }), 20_000)
    assert.equal(hereIdleMs({ start_after_idle: "20s", resume_after_idle: "10ms" }), 1_000)
    assert.equal(hereIdleMs({ start_after_idle: "0s" }), 1_000, "as soon as nobody is there")
    assert.equal(hereIdleMs({ resume_after_idle: "0s" }), 1_000)
    assert.equal(hereIdleMs({ start_after_idle: "0s", on_return: "yield" }), 60_000, "starts whoever is there")
    assert.equal(hereIdleMs({ resume_after_idle: "0s", on_return: "ignore" }), 60_000, "nothing has to go on")
  })

  it("ignores what is not said", () => {
    const { values } = effectivePolicy({ preset: "default", values: {} }, { onReturn: undefined } as never)
    assert.equal(values.onReturn, "suspend")
  })
})

describe("what follows from a policy", () => {
  const { values } = presetOf("default")

  it("who may run there: the owner always", () => {
    assert.equal(mayRunThere(values, "carla", null), true)
    assert.equal(mayRunThere({ ...values, who: ["ben"] }, "carla", "anna"), false)
    assert.equal(mayRunThere({ ...values, who: ["ben"] }, "ben", "anna"), true)
    assert.equal(mayRunThere({ ...values, who: [] }, "anna", "anna"), true)
  })

  it("what is kept of the memory", () => {
    const rows: [gib: number, kept: number][] = [
      [8, 2],
      [16, 4],
      [32, 4],
      [64, 8],
      [128, 16],
      [512, 16],
    ]
    for (const [gib, kept] of rows) assert.equal(keptMemoryBytes(values, gib * GIB), kept * GIB)
    assert.equal(keptMemoryBytes({ ...values, keepMemoryBytes: 24 * GIB }, 64 * GIB), 24 * GIB)
    assert.equal(keptMemoryBytes({ ...values, keepMemoryBytes: 24 * GIB }, 16 * GIB), 16 * GIB)
  })

  it("whether who is there matters", () => {
    assert.equal(mindsPresence(values), true)
    assert.equal(mindsPresence(presetOf("nobodys").values), false)
    assert.equal(mindsPresence({ ...values, startAfterIdleMs: 0, onReturn: "yield" }), false)
    assert.equal(mindsPresence({ ...values, startAfterIdleMs: 0 }), true)
  })
})
