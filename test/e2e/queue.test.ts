import assert from "node:assert/strict"
import { cpus } from "node:os"
import { test } from "node:test"
import type { JobView } from "../../src/protocol/job.ts"
import { DEFAULT_REQUEST } from "../../src/protocol/resources.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 2 })
const CORES = cpus().length
const all = { ...DEFAULT_REQUEST, cores: CORES }

test("jobs start in the order sent, none overtakes one it would delay, and each says why it waits", async () => {
  const hold = { command: ["sleep", "60"], resources: all, host: "host1" }
  const first = await pool().submit(hold)
  const wide = await pool().submit({ command: ["true"], resources: all, host: "host1" })
  const narrow = await pool().submit({ command: ["true"], host: "host1" })
  await pool().untilState(first.id, "running")
  assert.equal((await pool().job(wide.id)).place, 1)
  assert.equal((await pool().job(narrow.id)).place, 2)
  const why = await pool().windfall(["why", `${narrow.id}`])
  assert.equal(why.exitCode, 0, why.stderr)
  assert.match(why.stdout, /host1/)
  const elsewhere = await pool().submit({ command: ["true"] })
  assert.equal((await pool().awaitJob(elsewhere.id)).attempts[0]?.hostName, "host2")
  assert.equal((await pool().job(wide.id)).state, "queued")
  await pool().api("POST", `/v1/jobs/${first.id}/stop`, { now: true })
  const [a, b] = await Promise.all([pool().awaitJob(wide.id), pool().awaitJob(narrow.id)])
  assert.ok((a.startedAt ?? 0) <= (b.startedAt ?? 0))
})

test("what fits no host is refused at once, and says which host comes closest", async () => {
  const { exitCode, stderr } = await pool().windfall(["send", "--no-folder", "--memory", "900T", "--", "true"])
  assert.equal(exitCode, 2)
  assert.match(stderr, /900 TB|921\.6|TB/)
  const cores = await pool().windfall(["send", "--no-folder", "--cores", `${CORES + 1}`, "--", "true"])
  assert.equal(cores.exitCode, 2, cores.stderr)
})

test("a drained host gets nothing new; a queued job can be stopped; the host goes on when resumed", async () => {
  for (const host of ["host1", "host2"]) await pool().api("POST", `/v1/hosts/${host}/drain`, {})
  const [one, two] = [await pool().submit(), await pool().submit()]
  const waiting = await pool().job(one.id)
  assert.equal(waiting.state, "queued")
  assert.match((await pool().windfall(["why", `${one.id}`])).stdout, /drain/)
  const stopped = await pool().windfall(["stop", `${two.id}`])
  assert.equal(stopped.exitCode, 0, stopped.stderr)
  const end = await pool().job(two.id)
  assert.equal(end.state, "cancelled")
  assert.equal(end.attempts.length, 0)
  assert.equal((await pool().windfall(["wait", `${two.id}`])).exitCode, 130)
  const attached = pool().start(["send", "--no-folder", "--", "echo", "at last"])
  await attached.says(/job \d+ is queued, place 2: .*drain/, "stderr")
  for (const host of ["host1", "host2"]) await pool().api("POST", `/v1/hosts/${host}/resume`, {})
  assert.equal((await pool().awaitJob(one.id)).state, "succeeded")
  assert.equal((await attached.ended).stdout, "at last\n")
})

test("names are unique among a sender's unfinished jobs and free again afterwards", async () => {
  const { id } = await pool().submit({ name: "train", command: ["sleep", "60"] })
  await assert.rejects(pool().submit({ name: "train" }), { code: "name_taken" })
  assert.equal((await pool().windfall(["stop", "train", "--now"])).exitCode, 0)
  await pool().awaitJob(id)
  assert.equal((await pool().awaitJob((await pool().submit({ name: "train" })).id)).state, "succeeded")
})

test("a batch is all or none", async () => {
  const count = async () => (await pool().api<{ jobs: JobView[] }>("GET", "/v1/jobs?limit=1000")).jobs.length
  const before = await count()
  const { taskSpec } = await import("../support/test-server.ts")
  const specs = [taskSpec(), taskSpec({ host: "no-such-host" })]
  await assert.rejects(pool().api("POST", "/v1/jobs/batch", { specs }))
  assert.equal(await count(), before)
  const { jobs } = await pool().api<{ jobs: number[] }>("POST", "/v1/jobs/batch", {
    specs: Array.from({ length: 40 }, () => taskSpec()),
  })
  const ended = await Promise.all(jobs.map((id) => pool().awaitJob(id)))
  assert.ok(ended.every(({ state }) => state === "succeeded"))
  assert.deepEqual(new Set(ended.map(({ attempts }) => attempts.length)), new Set([1]))
})

test("a job file is sent all or none, whatever it is that one of its jobs is refused for", async () => {
  using project = new ScratchFolder()
  const count = async () => (await pool().api<{ jobs: JobView[] }>("GET", "/v1/jobs?limit=1000")).jobs.length
  const before = await count()
  const refused: [line: string, message: RegExp][] = [
    ["name: one", /"one": two jobs of this batch have it \(job 2 of 2, "one"; none was accepted\)/],
    ["secrets: [NOPE]", /the secret NOPE/],
    ["host: nohost", /nohost/],
    ["memory: 900T", /900 TB/],
    ["stdin: nofile", /nofile as standard input: there is no such file/],
    ["folder: /nodir", /\/nodir: there is no such folder/],
    ["partition: gpuq", /"gpuq": there is none/],
  ]
  for (const [line, message] of refused) {
    project.write({ "windfall.yml": `name: one\ncommand: "true"\n---\ncommand: "true"\n${line}\n` })
    const { exitCode, stderr, stdout } = await pool().windfall(["apply"], { cwd: project.path })
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, message)
    assert.equal(stdout, "")
    assert.equal(await count(), before, line)
  }
  project.write({
    "windfall.yml":
      "name: one\ncommand: cat\nstdin: a.txt\n---\ncommand: cat; cat c.txt\nstdin: b.txt\n---\ncommand: cat b.txt; ls\nfolder: sub\n" +
      "---\ncommand: cat; ls -A\nno-folder: true\nstdin: a.txt\n",
    "a.txt": "from a\n",
    "b.txt": "from b\n",
    "c.txt": "from c\n",
    "sub/b.txt": "from below\n",
  })
  const sent = await pool().windfall(["apply"], { cwd: project.path })
  assert.equal(sent.exitCode, 0, sent.stderr)
  assert.match(sent.stderr, /job \d+ \(one\) is accepted/)
  const ids = sent.stdout.trim().split("\n").map(Number)
  const outputs: string[] = []
  for (const id of ids) {
    assert.equal((await pool().awaitJob(id)).state, "succeeded")
    outputs.push((await pool().log(id)).toString())
  }
  assert.deepEqual(outputs, ["from a\n", "from b\nfrom c\n", "from below\nb.txt\n", "from a\n"])
})
