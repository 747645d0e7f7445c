import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it, test } from "node:test"
import { Child, type Ended } from "../../../test/support/child.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { reckonShares } from "./reckon-shares.ts"

const FOLDER = join(import.meta.dirname, "../../../test/fixtures/shares")

interface Row {
  readonly [field: string]: unknown
}
/** What a file says must come out; all numbers to as many digits as they are written with there, at most. */
interface Expected {
  readonly usage?: Row & { readonly users?: readonly Row[] }
  readonly fairTree?: readonly Row[]
  readonly classic?: readonly Row[]
  readonly jobs?: readonly (Row & { readonly rows?: Readonly<Record<string, number>> })[]
}

const files = readdirSync(FOLDER).sort()
const { stdout, stderr, exitCode } = await run([
  "policy",
  "share",
  "--json",
  ...files.map((file) => join(FOLDER, file)),
])

describe("the vectors of shares and priorities, through windfall policy share", () => {
  const reports = stdout
    .trim()
    .split("\n")
    .map((line) => (line === "" ? null : JSON.parse(line)))

  it("are read", () => {
    assert.deepEqual([exitCode, stderr, reports.length], [0, "", files.length])
  })

  for (const [at, file] of files.entries()) {
    it(file, () => {
      const { expected } = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as { expected: Expected }
      const report = reports[at]
      for (const tree of ["fairTree", "classic"] as const)
        for (const row of expected[tree] ?? [])
          compare(
            report[tree].find(({ name }: Row) => name === row.name),
            row,
            tree,
          )
      const { users = [], ...left } = expected.usage ?? {}
      compare(report.usage, left, "usage")
      for (const user of users)
        compare(
          report.usage.users.find(({ path }: Row) => path === user.path),
          user,
          "usage",
        )
      if (expected.jobs === undefined) return
      assert.equal(report.jobs.length, expected.jobs.length)
      for (const [place, { rows, ...job }] of expected.jobs.entries()) {
        compare(report.jobs[place], job, `job ${place}`)
        if (rows === undefined) continue
        const points = report.jobs[place].rows.map(({ factor, points: each }: Row) => [factor, each])
        if (Object.keys(rows).length === 0) assert.deepEqual(points, [])
        compare(Object.fromEntries(points), rows, `points of job ${place}`)
      }
    })
  }
})

test("windfall policy share prints tables, from a file or from standard input", async () => {
  const one = await run(["policy", "share", join(FOLDER, "l3.json")])
  assert.match(one.stdout, /^ {4}ann +pool +parent +0 +0\.500000 +100 +0\.066667 +0\.100000 +inf +3 +0\.750000$/m)
  assert.match(one.stdout, /^ {4}dan +solo +1 +1 +0\.500000 +500 +0\.333333 +0\.333333 +0\.629961$/m)
  const other = await run(["policy", "share", "-"], readFileSync(join(FOLDER, "l3.json"), "utf8"))
  assert.equal(other.stdout, one.stdout)
  const jobs = await run(["policy", "share", join(FOLDER, "pri-4.json")])
  assert.match(jobs.stdout, /^Job half of bob, partition half, QOS half: priority 6030000$/m)
  assert.match(jobs.stdout, /^resource:cpu +0\.500000 +4000000 +2000000$/m)
})

const refused: readonly (readonly [text: string, message: RegExp])[] = [
  ["{", /^Cannot read tree\.json(:1:2)?: it is no JSON: /],
  ["7", /^Cannot read tree\.json: takes \{"tree": \[\.\.\.\]\}, not 7\n/],
  ["{}", /^Cannot read tree\.json: has no tree: /],
  ['{"tre": []}', /2 problems\n {2}tre: unknown key "tre": did you mean tree\?\n/],
  ['[{"user": "ann", "shares": -1}]', /^Cannot read tree\.json: tree\[0\]\.shares: must be at least 0, not -1\n/],
  ['[{"user": "ann", "usage": "much"}]', /tree\[0\]\.usage: takes an amount of usage, not "much"/],
  ['[{"user": "ann"}, {"user": "ann"}]', /tree\[1\]: there is already a user "ann" beside it/],
  ['[{"user": "ann", "parent": "lab"}]', /tree\[0\]\.parent: there is no account "lab"/],
  ['[{"account": "a", "parent": "b"}, {"account": "b", "parent": "a"}]', /tree\[0\]\.parent: goes in a circle/],
  ['[{"account": "a", "childen": []}]', /tree\[0\]\.childen: unknown key "childen": did you mean children\?/],
  ['{"tree": "lab 60{ann 1:1000"}', /tree: at character 18: a name or \} must stand here, not the end/],
  [
    '[{"account": "a", "usage": 3, "children": "ann 1:4"}]',
    /^Cannot reckon tree\.json: a is said to have used 3, and those in it 4/,
  ],
  ['[{"user": "ann", "runs": [{"from": 10, "to": 5, "units": 1}]}]', /tree\[0\]\.runs\[0\]: ends before it starts/],
  [
    '[{"user": "ann", "runs": [{"from": "yesterday", "units": 1}]}]',
    /tree\[0\]\.runs\[0\]\.from: takes seconds since 1970/,
  ],
  [
    '{"tree": "ann 1:0", "decay": {"half-life": "-7d"}}',
    /decay\.half-life: takes a number of seconds that is not negative/,
  ],
  [
    '{"tree": "ann 1:0", "policy": {"priority": {"weights": {"fairshare": "x"}}}}',
    /policy\.priority\.weights\.fairshare: unknown key "fairshare": did you mean fair-share\?/,
  ],
  [
    '{"tree": "ann 1:0", "jobs": [{"user": "bob"}]}',
    /^Cannot reckon tree\.json: job 1 is of bob, who is not in the tree/,
  ],
  [
    '{"tree": "a 1{ann 1:0}, b 1{ann 1:0}", "jobs": [{"user": "ann"}]}',
    /ann, who is in the tree several times \(a\/ann, b\/ann\): name the account, too/,
  ],
  [
    '{"tree": "ann 1:0", "jobs": [{"user": "ann", "qos": "hot"}]}',
    /job 1 names the qos hot, which policy does not describe/,
  ],
]

describe("a description that cannot be read", () => {
  for (const [text, message] of refused) {
    it(text, () => {
      assert.throws(
        () => reckonShares(text, "tree.json"),
        (error) =>
          error instanceof WindfallError && error.code === "invalid_input" && message.test(`${error.message}\n`),
      )
    })
  }

  it("ends the command with exit code 2 before anything is printed", async () => {
    const ended = await run(["policy", "share", join(FOLDER, "l3.json"), "-"], "[{}]")
    assert.deepEqual([ended.exitCode, ended.stdout], [2, ""])
    assert.match(ended.stderr, /^Cannot read standard input: tree\[0\]: has no name: /)
  })
})

/** Numbers agree where they do to as many digits as the vector has. */
function compare(found: Row | undefined, expected: Row, what: string): void {
  assert.ok(found !== undefined, `${what}: ${JSON.stringify(expected)} is missing`)
  for (const [field, value] of Object.entries(expected)) {
    const at = `${what} ${String(expected.name ?? "")} ${field}`
    if (typeof value !== "number" || Number.isInteger(value)) assert.deepEqual(found[field], value, at)
    else {
      const digits = /\.(\d+)/.exec(String(value))?.[1]?.length ?? 0
      // Trailing zeros of six digits are lost in JSON.
      assert.equal((found[field] as number).toFixed(Math.max(6, digits)), value.toFixed(Math.max(6, digits)), at)
    }
  }
}

async function run(words: readonly string[], input?: string): Promise<Ended> {
  const main = join(import.meta.dirname, "../main.ts")
  await using child = new Child(process.execPath, [main, ...words], {
    env: { WINDFALL_URL: "http://127.0.0.1:1", WINDFALL_TOKEN: "t" },
    ...(input === undefined ? {} : { input }),
  })
  return await child.ended
}
