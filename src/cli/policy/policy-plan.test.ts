import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it, test } from "node:test"
import { Child, type Ended } from "../../../test/support/child.ts"
import { readScene } from "../../scheduler/queue-file/read-scene.ts"

const FOLDER = join(import.meta.dirname, "../../../test/fixtures/plans")

interface Row {
  readonly [field: string]: unknown
}

const files = readdirSync(FOLDER).sort()
const all = await run(["policy", "plan", "--json", ...files.map((file) => join(FOLDER, file))])

describe("the vectors of the planner, through windfall policy plan", () => {
  it("are read", () => {
    assert.deepEqual([all.exitCode, all.stderr], [0, ""])
  })

  const plans = all.stdout.split("\n")
  for (const [at, file] of files.entries()) {
    it(file, () => {
      const { expected } = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as { expected: readonly Row[] }
      const { jobs } = JSON.parse(plans[at] ?? "{}") as { jobs: readonly Row[] }
      for (const row of expected) {
        const found = jobs.find(({ job, task }) => job === row.job && (!("task" in row) || task === row.task))
        assert.ok(found !== undefined, `job ${row.job} is missing`)
        for (const [field, value] of Object.entries(row)) {
          const partial = Array.isArray(value) && ["preempts", "hostReasons"].includes(field)
          if (!partial) assert.deepEqual(found[field], value, `job ${row.job}: ${field}`)
          else {
            assert.equal((found[field] as readonly Row[]).length, value.length)
            assert.partialDeepStrictEqual(found[field], value)
          }
        }
      }
    })
  }
})

test("a thousand jobs that all ask differently: the first five hundred get a time", async () => {
  const jobs = Array.from({ length: 1000 }, (_, at) => ({ nodes: 1 + (at % 32), time: 1 + at, exclusive: true }))
  const text = JSON.stringify({ now: 0, hosts: "n[1-32]", jobs, policy: { backfill: { window: "300d" } } })
  const { stdout } = await run(["policy", "plan", "--json", "-"], text)
  const plan = JSON.parse(stdout)
  assert.equal(plan.starts.length + plan.reservations.length, 500)
})

test("windfall policy plan prints a table and each host's answer, from a file or from standard input", async () => {
  const file = join(FOLDER, "preempt-requeue-for-memory.json")
  const one = await run(["policy", "plan", file])
  assert.match(one.stdout, /^ +1 +6 +1 +reserved +\+1m 30s +mac1 +starts when job 5 is gone, in 1m 30s at the latest$/m)
  assert.match(one.stdout, /^5 on mac1: requeued for job 6 \(by its QOS\), within 1m 30s; not suspended, since/m)
  const other = await run(["policy", "plan", "-"], readFileSync(file, "utf8"))
  assert.equal(other.stdout, one.stdout)
  const job = await run(["policy", "plan", "--job", "6", file])
  assert.match(job.stdout, /^ {2}age +0 +0 +0$/m)
})

const refused: readonly (readonly [text: string, problem: RegExp])[] = [
  ["{", /^line 1, column \d+: /],
  ["7", /^it must be one mapping/],
  ["{}", /^now: is missing/],
  ['{"now": "noon"}', /^now: takes a time like .*, not "noon"$/],
  ['{"now": 0, "jobz": []}', /^jobz: unknown key "jobz": did you mean jobs\?$/],
  ['{"now": 0, "jobs": [{"nodez": 2}]}', /^jobs\[0\]\.nodez: unknown key "nodez": did you mean nodes\?$/],
  ['{"now": 0, "jobs": [{}, {"nodes": 0}]}', /^jobs\[1\]\.nodes: must be at least 1, not 0$/],
  ['{"now": 0, "jobs": [{"time": "soon"}]}', /^jobs\[0\]\.time: "soon" is not /],
  ['{"now": 0, "jobs": [{"time": " 0:0:0 "}]}', /^jobs\[0\]\.time: " 0:0:0 " is not a time/],
  ['{"now": 0, "jobs": [{"time": "1:30 "}]}', /^jobs\[0\]\.time: "1:30 " is not a time/],
  ['{"now": 0, "jobs": [{"memory": "much"}]}', /^jobs\[0\]\.memory: "much" is not an amount of memory/],
  ['{"now": 0, "jobs": [{"dependency": "ok:3"}]}', /^jobs\[0\]\.dependency: "ok:3" is no dependency/],
  [
    '{"now": 0, "jobs": [{"id": 3, "dependency": "afterok:3"}]}',
    /^jobs\[0\]\.dependency: job 3 would wait for itself$/,
  ],
  ['{"now": 0, "jobs": [{"id": 3}, {"id": 3}]}', /^jobs\[1\]\.id: job 3 is there twice$/],
  ['{"now": 0, "hosts": ["mac1"], "jobs": [{"hosts": "mac2"}]}', /^jobs\[0\]\.hosts: there is no host "mac2"/],
  ['{"now": 0, "hosts": "mac[1-"}', /^hosts\[0\]: "mac\[1-" is no host and no range/],
  ['{"now": 0, "hosts": ["a", "a"]}', /^hosts: a is there twice$/],
  ['{"now": 0, "running": [{"id": 1}]}', /^running\[0\]: does not say on which hosts it runs$/],
  ['{"now": 0, "hosts": "a", "reservations": [{"hosts": "a", "start": 0}]}', /^reservations\[0\]: needs a start/],
  ['{"now": 0, "policy": {"qos": {"a": {"preempts": ["b"]}}}}', /^policy\.qos\.a\.preempts: there is no QOS "b"/],
]

describe("a description that cannot be read", () => {
  for (const [text, problem] of refused) {
    it(text, () => {
      const { problems } = readScene(text)
      assert.ok(
        problems?.some((one) => problem.test(one)),
        JSON.stringify(problems),
      )
    })
  }

  it("ends the command with exit code 2 before anything is printed", async () => {
    const ended = await run(["policy", "plan", join(FOLDER, "lic_1.json"), "-"], '{"now": 0, "jobs": [{"nice": "x"}]}')
    assert.deepEqual([ended.exitCode, ended.stdout], [2, ""])
    assert.match(ended.stderr, /^Cannot read standard input: jobs\[0\]\.nice: takes a nice value, not "x"$/m)
  })
})

async function run(words: readonly string[], input?: string): Promise<Ended> {
  const main = join(import.meta.dirname, "../main.ts")
  await using child = new Child(process.execPath, [main, ...words], {
    env: { WINDFALL_URL: "http://127.0.0.1:1", WINDFALL_TOKEN: "t" },
    ...(input === undefined ? {} : { input }),
  })
  return await child.ended
}
