import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { findEnvironment } from "./find-environment.ts"

const LOCK = `version = 1
requires-python = ">=3.11"

[[package]]
name = "all"
source = { virtual = "." }

[[package]]
name = "a"
source = { editable = "packages/a" }

[[package]]
name = "six"
source = { registry = "https://pypi.org/simple" }
`
const MEMBER = '[project]\nname = "a"\nversion = "1"\n'

const find = (folder: string, below = "") =>
  findEnvironment({}, { wants: "python", script: null }, { folder, workingFolder: below })

test("the packages a lock takes from folders decide with it, also for a job that starts in one of them", () => {
  using scratch = new ScratchFolder()
  scratch.write({
    "uv.lock": LOCK,
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
    "packages/a/pyproject.toml": MEMBER,
    "packages/a/deep/x.py": "",
    "packages/other/pyproject.toml": MEMBER,
  })
  const whole = find(scratch.path)
  assert.deepEqual(whole?.files, ["uv.lock", "pyproject.toml", "packages/a/pyproject.toml"])
  assert.deepEqual([whole?.kind, whole?.python], ["uv.lock", ">=3.11"])
  for (const below of ["packages/a", "packages/a/deep", "packages"]) assert.deepEqual(find(scratch.path, below), whole)
  assert.deepEqual(find(scratch.path, "packages/other")?.files, ["packages/other/pyproject.toml"])
})

test("a package that does not travel is refused, with what to type", () => {
  using scratch = new ScratchFolder()
  scratch.write({ "in/uv.lock": LOCK, "in/pyproject.toml": MEMBER })
  assert.throws(() => find(scratch.at("in")), { message: /there is no packages\/a\/pyproject\.toml/, hint: /uv lock/ })
  scratch.write({ "in/uv.lock": LOCK.replace("packages/a", "../a") })
  assert.throws(() => find(scratch.at("in")), { message: /from \.\.\/a, outside of what travels/, hint: /--folder/ })
})

test("a package whose workspace lies above what travels is refused, with the folder to send", () => {
  using scratch = new ScratchFolder()
  scratch.write({ "w/uv.lock": LOCK, "w/pyproject.toml": "", "w/packages/a/pyproject.toml": MEMBER })
  const refused = { message: /its workspace is in \S+\/w, which does not travel/, hint: /send --folder \S+\/w$/ }
  assert.throws(() => find(scratch.at("w/packages/a")), refused)
  execFileSync("mkfifo", [scratch.at("w/packages/uv.lock")])
  assert.throws(() => find(scratch.at("w/packages/a")), refused, "a pipe above is not waited for")
})
