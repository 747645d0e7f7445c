import assert from "node:assert/strict"
import * as fs from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { IgnoreRules } from "../../workspace/ignore-rules.ts"
import { checkIncluded } from "./included.ts"

test("what --include names must be there, and able to travel", () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({ "data/train/x": "", ".env": "", "models/": "", "a/node_modules/x": "" }, "project")
  fs.symlinkSync("data", `${root}/link`)
  const check = (...include: string[]) => checkIncluded(new IgnoreRules(root, include))
  check("data", "./data/train/", "data/train/x", ".env", "models", "link", "*.pt", "nosuch/*.pt")
  const refused = (include: string, code: string, message: string, hint: RegExp) =>
    assert.throws(() => check("data", include), { code, message: `Cannot include ${include}: ${message}`, hint })
  refused("nosuch", "file_not_found", `there is no nosuch in ${root}`, /^Paths are meant from the top/)
  refused("dta", "file_not_found", `there is no dta in ${root}`, /^Did you mean data\?$/)
  refused("data/Train", "file_not_found", `there is no Train in ${root}/data`, /^Did you mean data\/train\?$/)
  refused(".env/x", "file_not_found", `there is no x in ${root}/.env`, /./)
  refused("link/train", "invalid_input", "link is a link, and nothing behind it travels", /what it points to/)
  refused(".git", "invalid_input", ".git never travels", /recorded with the job/)
  refused("a/node_modules/x", "invalid_input", "node_modules never travels", /on the host/)
  refused(".venv/**", "invalid_input", ".venv never travels", /on the host/)
})
