import assert from "node:assert/strict"
import { test } from "node:test"
import { MAC_HEAD } from "../../test/support/mac-outputs.ts"
import { MOST_LOOK_BYTES } from "../protocol/doctor-wire.ts"
import { judge } from "./judge.ts"
import { MAC_PROBES, OWN_PROBES } from "./probes.ts"

const AROUND = { askedAt: 0, answeredAt: 0, hasPlaces: true, user: "worker" }

test("whatever floods in, nothing is made of it: as much as is sent, in each output", () => {
  const forms = ["a", "\0", "[", '"a" = {', "AC Power:\n sleep 0\n"]
  for (const form of forms) {
    const stdout = form.repeat(Math.ceil(MOST_LOOK_BYTES / form.length)).slice(0, MOST_LOOK_BYTES)
    const outputs = [...MAC_PROBES.map(({ name }) => name), ...Object.values(OWN_PROBES)].map((probe) => {
      return { probe, outcome: "ended" as const, exitCode: 0, stdout, stderr: stdout, isCut: false }
    })
    const found = judge("mac-1", { head: MAC_HEAD, outputs }, AROUND).filter(({ code }) => code !== "clock")
    assert.deepEqual([...new Set(found.map(({ level }) => level))], ["unknown"], JSON.stringify(form))
  }
})
