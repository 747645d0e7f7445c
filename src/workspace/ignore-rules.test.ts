import assert from "node:assert/strict"
import * as fs from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { isSecretName } from "./built-in-rules.ts"
import { IgnoreRules } from "./ignore-rules.ts"
import { scanTree } from "./scan.ts"

/** The paths of files that travel. */
async function travelling(root: string, include: readonly string[] = []): Promise<string[]> {
  const scanned = await scanTree(root, { include })
  return [...scanned.entries()].filter(({ entry }) => entry.kind !== "folder").map(({ path }) => path)
}

test(".gitignore files are nested, deeper ones win, and a line can take one back", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({
    ".gitignore": "*.log\n/build/\n\n# no comment\nlogs/**\n!keep.log\n",
    "a.log": "",
    "keep.log": "",
    "build/x": "",
    "src/build/x": "",
    "src/b.log": "",
    "src/.gitignore": "!b.log\n*.tmp\r\n",
    "src/c.tmp": "",
    "c.tmp": "",
    "logs/deep/x": "",
  })
  assert.deepEqual(await travelling(root), [
    ".gitignore",
    "c.tmp",
    "keep.log",
    "src/.gitignore",
    "src/b.log",
    "src/build/x",
  ])
})

test(".windfallignore beats .gitignore, both ways", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({
    ".gitignore": "data/\n*.tmp\n",
    ".windfallignore": "!data/\nnotes/\n",
    "data/x": "",
    "data/x.tmp": "",
    "notes/x": "",
    "sub/.gitignore": "data/\n",
    "sub/data/y": "",
  })
  assert.deepEqual(await travelling(root), [".gitignore", ".windfallignore", "data/x", "sub/.gitignore", "sub/data/y"])
})

test("what was made for this machine never travels, whatever the rules or --include say", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({
    ".gitignore": "!node_modules/\n",
    "node_modules/x": "",
    ".venv/x": "",
    "src/__pycache__/x": "",
    "src/.DS_Store": "",
    ".git/HEAD": "",
    "main.py": "",
  })
  assert.deepEqual(await travelling(root, [".venv", "node_modules/x", ".git"]), [".gitignore", "main.py"])
  const { leftOut } = await scanTree(root)
  assert.deepEqual(
    leftOut.map(({ path, why }) => `${path} ${why}`),
    [".git never", ".venv never", "node_modules never", "src/.DS_Store never", "src/__pycache__ never"],
  )
})

test("secrets travel only when --include names them themselves", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({
    ".env": "",
    ".env.local": "",
    ".env.example": "",
    "keys/id_rsa": "",
    "keys/id_rsa.pub": "",
    "keys/server.pem": "",
    "keys/notes": "",
  })
  assert.deepEqual(await travelling(root), [".env.example", "keys/id_rsa.pub", "keys/notes"])
  assert.deepEqual(await travelling(root, ["keys"]), [".env.example", "keys/id_rsa.pub", "keys/notes"])
  assert.deepEqual(await travelling(root, [".env", "keys/*.pem"]), [
    ".env",
    ".env.example",
    "keys/id_rsa.pub",
    "keys/notes",
    "keys/server.pem",
  ])
  const { leftOut } = await scanTree(root)
  assert(leftOut.every(({ why, source }) => why === "secret" && source === "built in"))
  assert.equal(isSecretName(".envrc"), true)
  assert.equal(isSecretName("environment.yml"), false)
  for (const name of [".npmrc", ".pypirc", "credentials.json", "service-account-lab.json", "service_account.json"]) {
    assert.equal(isSecretName(name), true, name)
  }
  for (const name of ["token.txt", "key.asc", "package.json", "service-accounts.md"]) {
    assert.equal(isSecretName(name), false, name)
  }
})

test("--include brings back part of an ignored folder", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({
    ".gitignore": "data/\n",
    "data/train/a": "",
    "data/train/.gitignore": "a\n",
    "data/test/b": "",
    "data/c.csv": "",
    "data/deep/d.csv": "",
  })
  assert.deepEqual(await travelling(root), [".gitignore"])
  assert.deepEqual(await travelling(root, ["data/train/"]), [".gitignore", "data/train/.gitignore", "data/train/a"])
  assert.deepEqual(await travelling(root, ["./data/*.csv"]), [".gitignore", "data/c.csv"])
  assert.deepEqual(await travelling(root, ["data/**/*.csv"]), [".gitignore", "data/c.csv", "data/deep/d.csv"])
  assert.equal((await travelling(root, ["data"])).length, 6)
  await assert.rejects(travelling(root, ["../elsewhere"]), { code: "invalid_input" })
  await assert.rejects(travelling(root, ["/etc"]), { code: "invalid_input" })
})

test("what is left out is told with file and line", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({
    ".gitignore": "# big\n\ndata/\n",
    "data/x": "",
    "src/.gitignore": "*.o\n",
    "src/main.o": "",
    "src/main.c": "",
  })
  const { leftOut } = await scanTree(root)
  assert.deepEqual(leftOut, [
    { path: "data", kind: "folder", why: "ignored", rule: "data/", source: ".gitignore:3" },
    { path: "src/main.o", kind: "file", why: "ignored", rule: "*.o", source: "src/.gitignore:1" },
  ])
})

test("explain() says whether a path stays home and by which rule", () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({
    ".gitignore": "a\nb\ndata/\n",
    "data/deep/x.csv": "",
    "src/main.py": "",
    ".env": "",
    "node_modules/x/y": "",
  })
  const rules = new IgnoreRules(root, ["data/deep"])
  const hit = { why: "ignored", rule: "data/", source: ".gitignore:3" }
  assert.deepEqual(new IgnoreRules(root).explain("data/deep/x.csv"), { ...hit, path: "data" })
  assert.deepEqual(new IgnoreRules(root).explain("./data/"), { ...hit, path: "data" })
  assert.equal(rules.explain("data/deep/x.csv"), undefined)
  assert.deepEqual(rules.explain("data/other"), { ...hit, path: "data/other" })
  assert.equal(rules.explain("src/main.py"), undefined)
  assert.equal(rules.explain("src/absent.py"), undefined)
  assert.equal(rules.explain("../outside"), undefined)
  assert.equal(rules.explain(".env")?.why, "secret")
  assert.deepEqual(rules.explain("node_modules/x/y"), {
    why: "never",
    rule: "node_modules",
    source: "built in",
    path: "node_modules",
  })
})

test("a folder inside a repository obeys the rules above it, up to the repository's top", async () => {
  using scratch = new ScratchFolder()
  scratch.write({
    ".gitignore": "*\n",
    "repo/.git/info/exclude": "private\n",
    "repo/.gitignore": "/sub/out/\n*.log\n",
    "repo/sub/.gitignore": "!b.log\n",
    "repo/sub/out/x": "",
    "repo/sub/a.log": "",
    "repo/sub/b.log": "",
    "repo/sub/private": "",
    "repo/sub/main": "",
  })
  assert.deepEqual(await travelling(scratch.at("repo/sub")), [".gitignore", "b.log", "main"])
  const { leftOut } = await scanTree(scratch.at("repo/sub"))
  assert.deepEqual(
    leftOut.map(({ path, source }) => `${path} ${source}`),
    ["a.log ../.gitignore:2", "out ../.gitignore:1", "private ../.git/info/exclude:1"],
  )
  fs.rmSync(scratch.at("repo/.git"), { recursive: true })
  assert.equal((await travelling(scratch.at("repo/sub"))).length, 6)
})

test(".windfallignore files above count in a repository, deeper ones first, and beat .gitignore files", async () => {
  using scratch = new ScratchFolder()
  scratch.write({
    ".windfallignore": "*\n",
    "repo/.git/HEAD": "",
    "repo/.gitignore": "*.log\n",
    "repo/.windfallignore": "/sub/big/\n!a.log\n*.tmp\n",
    "repo/sub/.windfallignore": "!keep.tmp\n",
    "repo/sub/big/x": "",
    "repo/sub/a.log": "",
    "repo/sub/b.log": "",
    "repo/sub/keep.tmp": "",
    "repo/sub/x.tmp": "",
  })
  assert.deepEqual(await travelling(scratch.at("repo/sub")), [".windfallignore", "a.log", "keep.tmp"])
  const { leftOut } = await scanTree(scratch.at("repo/sub"))
  assert.deepEqual(
    leftOut.map(({ path, source }) => `${path} ${source}`),
    ["b.log ../.gitignore:1", "big ../.windfallignore:1", "x.tmp ../.windfallignore:3"],
  )
})

test("a folder that its repository ignores can be sent all the same", async () => {
  using scratch = new ScratchFolder()
  scratch.write({
    "repo/.git/HEAD": "",
    "repo/.gitignore": "/scratch/\n*.log\n",
    "repo/scratch/x": "",
    "repo/scratch/y.log": "",
  })
  assert.deepEqual(await travelling(scratch.at("repo/scratch")), ["x"])
})
