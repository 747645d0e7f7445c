import assert from "node:assert/strict"
import { test } from "node:test"
import { refuseLocalPackages } from "./local-packages.ts"

const refuse = (toml: string, isLocked = true) => refuseLocalPackages("pyproject.toml", toml, isLocked)

test("refuseLocalPackages() refuses workspaces and paths, with what to type", () => {
  const cases: [toml: string, named: RegExp][] = [
    ["[tool.uv.sources]\nlib = { workspace = true }", /\(workspace = true\)/],
    ['[tool.uv.sources]\nlib = { path = "../lib", editable = true }', /\(path = "\.\.\/lib"\)/],
    ["[tool.uv.sources.lib]\npath = 'lib'", /\(path = 'lib'\)/],
    ['[tool.uv.workspace]\nmembers = ["packages/*"]', /\(\[tool\.uv\.workspace\]\)/],
  ]
  for (const [toml, message] of cases) {
    assert.throws(() => refuse(toml), { code: "invalid_input", message, hint: /windfall send -- uv run/ })
  }
})

test("refuseLocalPackages() lets all others pass", () => {
  refuse('[tool.uv.sources]\nlib = { git = "https://example.org/lib" }\n[tool.other]\npath = "x"')
  refuse('# [tool.uv.workspace]\n[tool.uv.sources]\n# lib = { path = "lib" }')
  refuse('[tool.uv.workspace]\nmembers = ["packages/*"]', false)
})
