import assert from "node:assert/strict"
import { test } from "node:test"
import { inlineMetadata, packageProblem, preferredPython, pythonProblem } from "./environment.ts"
import { DEFAULT_SPEC } from "./job.ts"
import type { JobValues } from "./job-fields.ts"
import { toJobSpec } from "./job-values.ts"

test("pythonProblem() takes what uv takes, from 3.8 on", () => {
  for (const text of ["3", "3.12", "3.12.4", "cpython-3.12", ">=3.10", ">=3.10,<3.13", "~=3.11", "==3.12.*"]) {
    assert.equal(pythonProblem(text), null, text)
  }
  for (const text of ["2.7", "3.7", "4", "python", "", "3.12; rm -rf /", ">= three"]) {
    assert.notEqual(pythonProblem(text), null, text)
  }
})

test("preferredPython() takes of a range what most packages are built for", () => {
  const cases: [string | null, string][] = [
    [null, "3.12"],
    ["3.10", "3.10"],
    [">=3.9", "3.12"],
    [">=3.13", "3.13"],
    [">=3.9,<3.12", "3.11"],
    ["==3.14.*", "3.14"],
    ["~=3.11", "3.12"],
    ["~=3.11.0", "3.11"],
    [">=3.12, !=3.12.*", "3.13"],
    [">=3.20", ">=3.20"],
  ]
  for (const [asked, taken] of cases) assert.equal(preferredPython(asked), taken, String(asked))
})

test("packageProblem() refuses what is no package of an index", () => {
  for (const text of ["mlx", "numpy<3", "torch[a]==2.0", "six @ https://host/six.whl"]) {
    assert.equal(packageProblem(text), null, text)
  }
  for (const text of ["", " ", "-r x.txt", "./lib", "../lib", "/abs", "~/x", "file:///x"]) {
    assert.notEqual(packageProblem(text), null, text)
  }
})

test("inlineMetadata() finds the block of a script and nothing else", () => {
  const block = '# /// script\n# dependencies = ["six"]\n#\n# ///'
  assert.equal(inlineMetadata(`#!/usr/bin/env python\n${block}\nimport six\n# ///\n`), block)
  assert.equal(inlineMetadata(block.replace("script", "other")), null)
  assert.equal(inlineMetadata('x = "# /// script"\n'), null)
  assert.equal(inlineMetadata(`# /// script\n\n${block}\n`), block)
  // With a look from each beginning to the end this would take hours.
  assert.equal(inlineMetadata("# /// script\n".repeat(300_000)), null)
})

test("what cannot be an environment is refused, with the field that says it", () => {
  const facts = {
    kind: "task",
    command: ["python"],
    environment: {},
    workspace: null,
    workingFolder: "",
    stdin: null,
    terminal: null,
    git: null,
  } as const
  const bad: [JobValues, string][] = [
    [{ python: "2.7" }, "python"],
    [{ with: ["./lib"] }, "with"],
    [{ "no-environment": true, with: ["six"] }, "no-environment"],
    [{ setup: Array.from({ length: 101 }, () => "true") }, "setup"],
  ]
  for (const [values, field] of bad) {
    assert.throws(
      () => toJobSpec(values, facts),
      (error: { details?: { field?: string } }) => error.details?.field === field,
    )
  }
  assert.equal(toJobSpec({ python: "3.12" }, facts).environment, DEFAULT_SPEC.environment)
})
