import assert from "node:assert/strict"
import { test } from "node:test"
import { countWrong } from "../../test/support/count-wrong-facts.ts"
import { macExamination, macText } from "../../test/support/mac-outputs.ts"
import { probesOf } from "../doctor/probes.ts"
import { parseAccessGroup } from "./access-group.ts"
import { readOutput } from "./read-output.ts"

const GROUP = macText("dscl-access_ssh", "wfjobs", "wfjobs grace")

test("the group of Remote Login tells who is in it, and nothing where a line of it is lost", () => {
  assert.deepEqual(parseAccessGroup(GROUP), { members: ["wfjobs", "grace"], hasAdministrators: true })
  const long = GROUP.replace("GroupMembership: wfjobs grace", "GroupMembership:\n wfjobs grace")
  assert.deepEqual(parseAccessGroup(long), { members: ["wfjobs", "grace"], hasAdministrators: true })
  const alone = GROUP.replace(/NestedGroups.*\n/, "")
  assert.deepEqual(parseAccessGroup(alone), { members: ["wfjobs", "grace"], hasAdministrators: false })
  assert.equal(parseAccessGroup(GROUP.slice(0, -1)), null)
  assert.equal(parseAccessGroup(""), null)
  assert.equal(parseAccessGroup("<dscl_cmd> DS Error: -14136 (eDSRecordNotFound)\n"), null)
  assert.equal(readOutput(GROUP).sheet.value("isRemoteLoginLimited"), true)
})

test("the switch of automatic updates is read, and never taken for off where it was never set", () => {
  const read = (text: string) => readOutput(text).sheet.get("installsMacosItself")
  assert.deepEqual(
    [read(macText("plutil-update", "<false/>", "<true/>"))].map((fact) => fact?.known && fact.value),
    [true],
  )
  const key = "\t<key>AutomaticallyInstallMacOSUpdates</key>\n\t<false/>\n"
  const unset = read(macText("plutil-update", key, ""))
  assert.ok(unset?.known === false && unset.reason === "no_such_key")
  const odd = read(macText("plutil-update", "<false/>", "<string>no</string>"))
  assert.ok(odd?.known === false && odd.reason === "garbage")
})

test("damaged outputs of an examination and of a record give no wrong fact", () => {
  const files = new Map(probesOf("darwin", "record").map(({ name, file }) => [name, file]))
  const { outputs } = macExamination({}, { extent: "record" })
  const samples = outputs.map(({ probe, stdout }) => ({ hint: files.get(probe) ?? "", text: stdout }))
  const { wrong, known } = countWrong(samples, { count: 3_000, seed: 20_261_127 })
  assert.deepEqual(wrong, [])
  assert.ok(known > 5_000, `only ${known} facts were left`)
})
