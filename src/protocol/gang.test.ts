import assert from "node:assert/strict"
import { test } from "node:test"
import { jobSpec } from "../server/api/job-schema.ts"
import { DEFAULT_SPEC, type JobSpec } from "./job.ts"
import { readJobFile } from "./job-file.ts"
import { type SenderFacts, toJobSpec } from "./job-values.ts"

const FACTS: SenderFacts = {
  kind: "task",
  command: ["true"],
  environment: {},
  workspace: null,
  workingFolder: "",
  stdin: null,
  terminal: null,
  git: null,
}
const GANG = { hosts: 3, onMemberFailure: "continue", outputsFrom: "all" } as const

test("flags, job file and API mean the same by several hosts", () => {
  const values = { nodes: 3, "on-member-failure": "continue", "outputs-from": "all" }
  assert.deepEqual(toJobSpec(values, FACTS).gang, GANG)
  const file = "command: ['true']\nnodes: 3\non-member-failure: continue\noutputs-from: all\n"
  assert.deepEqual(toJobSpec(readJobFile(file, "job.yaml", {})[0]!.values, FACTS).gang, GANG)
  assert.deepEqual(jobSpec.parse({ command: ["true"], gang: GANG }).gang, GANG)
  const plain = { hosts: 2, onMemberFailure: "end", outputsFrom: "main" }
  assert.deepEqual(toJobSpec({ nodes: 2 }, FACTS).gang, plain)
  assert.deepEqual(jobSpec.parse({ command: ["true"], gang: { hosts: 2 } }).gang, plain)
  assert.deepEqual([toJobSpec({ nodes: 1 }, FACTS).gang, toJobSpec({}, FACTS).gang], [undefined, undefined])
})

test("what several hosts do not go with is refused, in words that say why", () => {
  const wrong: readonly [Parameters<typeof toJobSpec>[0], RegExp][] = [
    [{ nodes: 2, host: "mac-1" }, /Cannot run the job on 2 hosts: mac-1 is one host/],
    [{ nodes: 2, pty: true }, /a terminal is on one host/],
    [{ "outputs-from": "all" }, /Cannot use --outputs-from: the job runs on one host/],
    [{ nodes: 2, "on-member-failure": "stop" }, /Cannot use --on-member-failure "stop": it is end or continue/],
  ]
  for (const [values, message] of wrong) assert.throws(() => toJobSpec(values, FACTS), message)
  const spec: JobSpec = { ...DEFAULT_SPEC, command: ["true"], gang: GANG }
  for (const change of [{ host: "mac-1" }, { gang: { ...GANG, hosts: 1 } }, { gang: { ...GANG, hosts: 65 } }]) {
    assert.equal(jobSpec.safeParse({ ...spec, ...change }).success, false)
  }
})
