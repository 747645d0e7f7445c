import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import ignore from "ignore"
import { Glob } from "./glob.ts"
import { IncludeList } from "./include-list.ts"

const PIECES = ["a", "b", "*", "**", "?", "/", "/**/", "**/", "/**", "\\", "\\*", "\\a", ".", " ", "!", "#"]
const SETS = [
  "[ab]",
  "[!a]",
  "[^b]",
  "[a-b]",
  "[b-a]",
  "[]a]",
  "[",
  "]",
  "[\\]a-]",
  "[[:alpha:]]",
  "[[:no:]]",
  "[a/b]",
  "-",
]
const name = fc.string({ unit: fc.constantFrom("a", "b", "A", "-", "]", "*", " "), minLength: 1, maxLength: 4 })
const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"))
const anyGlob = fc.array(fc.constantFrom(...PIECES, ...SETS), { minLength: 1, maxLength: 7 }).map((all) => all.join(""))

/**
 * Left out is what an include list refuses, makes a plain path of or writes shorter before; and where the `ignore` package is
 * odd: it takes `**` for one `*` beside an escaped slash, and a line break or byte order mark at an end is to it one of a file.
 */
const glob = anyGlob.filter((text) => /[*?[]/.test(text) && !/^\/|\/ *$|\/\/|(^|\/)\.\.?(\/|$)|\\\//.test(text))

test("globs mean what they mean in .gitignore", () => {
  fc.assert(
    fc.property(fc.array(glob, { minLength: 1, maxLength: 3 }), path, (globs, path) => {
      const list = new IncludeList(globs)
      const reference = ignore({ ignoreCase: false }).add(globs)
      assert.equal(list.covers(path), reference.ignores(path))
      const parent = path.slice(0, path.lastIndexOf("/") + 1)
      assert.equal(list.names(path), reference.ignores(path) && (parent === "" || !reference.ignores(parent)))
    }),
    { numRuns: 3000 },
  )
})

test("a glob says of all parts of a path whether it matches them", () => {
  const ends = (glob: string, path: string) => new Glob(glob).ends(path).map((end) => path.slice(0, end))
  assert.deepEqual(ends("a", "a/b/a"), ["a", "a/b/a"])
  assert.deepEqual(ends("*", "a/b"), ["a", "a/b"])
  assert.deepEqual(ends("/*", "a/b"), ["a"])
  assert.deepEqual(ends("a/**", "a/b/c"), ["a/b", "a/b/c"])
  assert.deepEqual(ends("a/**/c", "a/c/b/c"), ["a/c", "a/c/b/c"])
  assert.deepEqual(ends("a\\/b/", "a/b/c"), ["a/b"])
  assert.deepEqual(ends("[[:digit:]_]?.csv", "1é.csv"), ["1é.csv"])
  assert.deepEqual(ends("x\\ ", "x "), ["x "])
  assert.deepEqual(ends("**", ""), [])
})

test("a glob says the same of a path whatever it was asked about before", () => {
  fc.assert(
    fc.property(glob, fc.array(path, { minLength: 2, maxLength: 6 }), (glob, paths) => {
      const asked = new Glob(glob)
      // Each also beside the one before it, and below it.
      const all = paths.flatMap((path, i) => [path, `${path}/${paths[i - 1] ?? "a"}`, `${path}/b`, `${path}/a`])
      for (const path of all) assert.deepEqual(asked.ends(path), new Glob(glob).ends(path))
    }),
    { numRuns: 1000 },
  )
})

test("no glob takes longer than its length times that of the path", () => {
  // With an expression that backtracks, each of these goes on for years.
  const folders = "a/".repeat(400)
  const letters = "a".repeat(400)
  for (const [glob, path] of [
    [`${"**/a/".repeat(100)}**/b`, `${folders}f`],
    [`${"**/*a*/".repeat(60)}b`, `${folders}f`],
    [`${"**/".repeat(300)}b`, `${folders}f`],
    [`${"*a".repeat(200)}b`, letters],
    [`**/${"*?".repeat(150)}b`, `x/${letters}`],
    [`${"[!b]*".repeat(100)}b`, letters],
  ] as const) {
    assert.equal(new IncludeList([glob]).covers(path), false)
    assert.equal(new IncludeList([glob]).covers(`${path.slice(0, -1)}b`), true)
  }
  assert.equal(new IncludeList([`*${" ".repeat(100_000)}x${"\\".repeat(100_000)}`]).covers(letters), false)
})

test("a glob reaches below the folders that its escaped names mean", () => {
  const list = new IncludeList(["\\a/b*"])
  assert.deepEqual(
    ["a", "a/b1", "a/c"].map((path) => list.covers(path)),
    [false, true, false],
  )
  assert.equal(list.reachesBelow("a"), true)
})
