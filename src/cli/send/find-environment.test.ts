import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { symlinkSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import type { JobValues } from "../../protocol/job-fields.ts"
import { findEnvironment } from "./find-environment.ts"
import { pythonWish } from "./python-command.ts"

const PROJECT = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\n'
const SCRIPT = '# /// script\n# requires-python = ">=3.12"\n# dependencies = ["six"]\n# ///\nimport six\n'

function find(folder: string | null, command: string, values: JobValues = {}, workingFolder = "") {
  return findEnvironment(values, pythonWish(command.split(" ")), { folder, workingFolder })
}

test("the nearest folder that says something counts, up to the top of what travels", () => {
  using scratch = new ScratchFolder()
  scratch.write({
    "pyproject.toml": PROJECT,
    "uv.lock": "",
    ".python-version": "3.12\n",
    "a/b/x.py": "",
    "c/requirements.txt": "six\n",
    "d/pyproject.toml": "[tool.ruff]\n",
    "d/requirements.txt": "six\n",
  })
  const found = (below: string) => find(scratch.path, "python x.py", {}, below)
  assert.deepEqual(found("a/b"), {
    kind: "uv.lock",
    files: ["uv.lock", "pyproject.toml"],
    python: "3.12",
    with: [],
    setup: [],
  })
  assert.deepEqual(found("c")?.files, ["c/requirements.txt"])
  assert.deepEqual([found("d")?.kind, found("d")?.python], ["requirements.txt", null])
  assert.equal(find(scratch.at("a"), "python x.py", {}, "b"), null)
})

test("the metadata of the script that is run goes before the folder's files", () => {
  using scratch = new ScratchFolder()
  scratch.write({ "pyproject.toml": PROJECT, "x.py": SCRIPT, "y.py": "", "sub/x.py": SCRIPT })
  assert.deepEqual(
    [find(scratch.path, "python x.py")?.kind, find(scratch.path, "python x.py")?.python],
    ["script", ">=3.12"],
  )
  assert.deepEqual(find(scratch.path, "python ../x.py", {}, "sub")?.files, ["x.py"])
  assert.equal(find(scratch.path, "python y.py")?.kind, "pyproject.toml")
  assert.equal(find(scratch.path, "python y.py")?.python, ">=3.11")
  assert.equal(find(scratch.path, "uv run x.py")?.kind, "uv")
})

test("other commands get one when it is asked for; nothing asked and nothing found is none", () => {
  using scratch = new ScratchFolder()
  scratch.write({ "requirements.txt": "six\n" })
  assert.equal(find(scratch.path, "make"), null)
  assert.equal(find(scratch.path, "make", { python: "3.12" })?.kind, "requirements.txt")
  assert.equal(find(scratch.path, "python x.py", { "no-environment": true }), null)
  const named = find(null, "python x.py", { with: ["mlx,numpy<3,>=2", "torch[a,b]"] })
  assert.deepEqual([named?.kind, named?.with], ["packages", ["mlx", "numpy<3,>=2", "torch[a,b]"]])
  assert.equal(find(null, "python x.py"), null)
})

test("requirements bring those they name, and a folder among them is refused with its line", () => {
  using scratch = new ScratchFolder()
  scratch.write({
    "requirements.txt": "-r more/base.txt\n-c limits.txt\nsix # ./no-folder\n",
    "more/base.txt": "-r ../last.txt\n",
    "limits.txt": "six<2\n",
    "last.txt": "",
    "bad/requirements.txt": "six\n-e .\n",
    "out/requirements.txt": "-r ../../elsewhere.txt\n",
  })
  assert.deepEqual(find(scratch.path, "python x.py")?.files, [
    "requirements.txt",
    "more/base.txt",
    "limits.txt",
    "last.txt",
  ])
  const bad = (below: string) => () => find(scratch.path, "python x.py", {}, below)
  assert.throws(bad("bad"), { code: "invalid_input", message: /line 2 installs a folder \(-e \.\)/ })
  assert.throws(bad("out"), { code: "invalid_input", message: /outside of what travels/ })
})

test("a Python that no host can have is refused where it is asked for", () => {
  using scratch = new ScratchFolder()
  scratch.write({ "pyproject.toml": PROJECT.replace(">=3.11", "~=2.7 or so") })
  assert.throws(() => find(scratch.path, "python x.py"), { code: "invalid_input", message: /requires-python/ })
})

test("what is too much to read is refused by name, and not left out", () => {
  using scratch = new ScratchFolder()
  const many = Array.from({ length: 60 }, (_, i) => [`more/${i}.txt`, "six\n"] as const)
  scratch.write({
    "big/requirements.txt": `six\n${"# \n".repeat(6 * 2 ** 20)}`,
    "many/requirements.txt": many.map(([name]) => `-r ${name}\n`).join(""),
    ...Object.fromEntries(many.map(([name, text]) => [`many/${name}`, text])),
  })
  assert.throws(() => find(scratch.at("big"), "python x.py"), /requirements\.txt: it has 18 MB, and 16 MB are the most/)
  assert.throws(() => find(scratch.at("many"), "python x.py"), /names more than 50 files/)
})

test("what is no file, or leads out of the folder, is refused and never read", () => {
  using scratch = new ScratchFolder()
  scratch.write({
    "secret.txt": "six\n",
    "in/x.py": "",
    "pipe/x.py": "",
    "deep/requirements.txt": "-r away/secret.txt\n",
  })
  symlinkSync(scratch.at("secret.txt"), scratch.at("in/requirements.txt"))
  symlinkSync(scratch.path, scratch.at("deep/away"))
  execFileSync("mkfifo", [scratch.at("pipe/requirements.txt")])
  assert.throws(() => find(scratch.at("in"), "python x.py"), /requirements\.txt: it is a link that leads out of/)
  assert.throws(() => find(scratch.at("deep"), "python x.py"), /away\/secret\.txt: it is a link that leads out of/)
  assert.throws(() => find(scratch.at("pipe"), "python x.py"), /requirements\.txt: it is no file/)
})
