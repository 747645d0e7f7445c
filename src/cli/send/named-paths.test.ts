import assert from "node:assert/strict"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { test } from "node:test"
import { IgnoreRules } from "../../workspace/ignore-rules.ts"
import { leftOutText, stayLines } from "./left-out-text.ts"
import { namedPaths } from "./named-paths.ts"

test("a path that the command names and that stays home is pointed out, with the rule and what to do", (context) => {
  const root = fs.mkdtempSync(path.join(tmpdir(), "windfall-named-"))
  context.after(() => fs.rmSync(root, { recursive: true }))
  for (const folder of ["data", ".venv/bin", "src"]) fs.mkdirSync(path.join(root, folder), { recursive: true })
  fs.writeFileSync(path.join(root, ".gitignore"), "*.log\n\ndata/\n")
  fs.writeFileSync(path.join(root, "data/x.bin"), Buffer.alloc(2048))
  fs.writeFileSync(path.join(root, ".env"), "A=1")
  fs.writeFileSync(path.join(root, ".venv/bin/python"), "")
  fs.writeFileSync(path.join(root, "src/a.py"), "")
  const command = [
    ".venv/bin/python",
    "src/a.py",
    "--data=data/x.bin",
    "-e",
    ".env",
    "missing",
    "/etc/hosts",
    "../up",
    "",
  ]
  const named = namedPaths(command, root, "")
  assert.deepEqual(named, [".venv/bin/python", "src/a.py", "data/x.bin", ".env"])
  assert.deepEqual(stayLines(named, new IgnoreRules(root, [])), [
    ".venv/ (0 B) stays home, it never travels; make it on the host",
    "data/ (2 KB) stays home, .gitignore:3; use --include data",
    ".env (3 B) stays home, as secrets do; use --include .env",
  ])
  assert.deepEqual(stayLines(named, new IgnoreRules(root, ["data", ".env", "src"])).length, 1)
  assert.deepEqual(namedPaths(["sh", "-c", "python a.py <../data/x.bin"], root, "src"), ["src/a.py", "data/x.bin"])
})

test("what stays home is told by rule, without what nobody misses", () => {
  const left = (at: string, why: "ignored" | "never" | "secret", source = "built in") =>
    ({ path: at, kind: "folder", why, rule: at, source }) as const
  assert.equal(leftOutText([left(".git", "never"), left("a/__pycache__", "never")]), undefined)
  assert.equal(
    leftOutText([
      left("data", "ignored", ".gitignore:3"),
      left("b/data", "ignored", ".gitignore:3"),
      left("c/data", "ignored", ".gitignore:3"),
      left(".venv", "never"),
    ]),
    "data/ and 2 more (.gitignore:3), .venv/ (never travels)",
  )
})

test("what cannot travel is told by kind, in words", () => {
  const special = (path: string, kind: "pipe" | "socket" | "name") =>
    ({ path, kind, why: "special", rule: kind, source: "built in" }) as const
  assert.equal(
    leftOutText([special("a", "pipe"), special("b", "pipe"), special("s", "socket"), special("caf\ufffd", "name")]),
    "a and b (a pipe), s (a socket), caf\ufffd (its name is not UTF-8)",
  )
})
