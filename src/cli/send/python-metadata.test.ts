import assert from "node:assert/strict"
import { test } from "node:test"
import { readPythonMetadata, refuseLocalPackages } from "./python-metadata.ts"

const read = (toml: string) => readPythonMetadata("pyproject.toml", toml)
const refuse = (toml: string) => refuseLocalPackages("pyproject.toml", read(toml))

test("a project and its Python are found however they are written", () => {
  const [plain, dotted] = ['[ project ]\nname = "x"\nrequires-python = ">=3.11"', 'project.requires-python = ">=3.11"']
  for (const toml of [plain, dotted]) {
    assert.deepEqual([read(toml).isProject, read(toml).requiresPython], [true, ">=3.11"])
  }
  assert.deepEqual([read('requires-python = "3.12"').requiresPython, read("").requiresPython], ["3.12", null])
  assert.equal(read('[tool.ruff]\nselect = ["""\n[project]\n"""]').isProject, false)
})

test("what is no TOML is refused with its place", () => {
  assert.throws(() => read('[project]\nname = "x"\n[project\nversion = "1"'), {
    code: "invalid_input",
    message: /^Cannot make an environment from pyproject\.toml: line 3, column \d+: \S/,
    hint: /--no-environment/,
  })
})

test("packages from folders are refused without a lock, with what to type", () => {
  const cases: [toml: string, named: RegExp][] = [
    ["[tool.uv.sources]\nlib = { workspace = true }", /\(workspace = true\)/],
    ['[tool.uv.sources]\nlib = { path = "../lib", editable = true }', /\(path = "\.\.\/lib"\)/],
    ["[tool.uv.sources.lib]\npath = 'lib'", /\(path = "lib"\)/],
    ['tool.uv.sources.lib = [{ git = "https://example.org/x" }, { path = "lib" }]', /\(path = "lib"\)/],
  ]
  for (const [toml, message] of cases) {
    assert.throws(() => refuse(toml), { code: "invalid_input", message, hint: /uv lock.*windfall send -- uv run/ })
  }
})

test("all others pass", () => {
  refuse('[tool.uv.sources]\nlib = { git = "https://example.org/lib" }\n[tool.other]\npath = "x"')
  refuse('# [tool.uv.workspace]\n[tool.uv.sources]\n# lib = { path = "lib" }')
  refuse('[tool.uv.workspace]\nmembers = ["packages/*"]')
})
