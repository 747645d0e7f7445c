import assert from "node:assert/strict"
import { readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { JobView } from "../../src/protocol/job.ts"
import { ACCOUNT_HOME } from "../support/account-home.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })

/** Says its lines until a file appears in the host's home. */
const waitFor = (file: string) =>
  `${ACCOUNT_HOME}; echo started; while [ ! -e $A/${file} ]; do sleep 0.05; done; echo released`

test("a detached job runs on; attach streams it from the start and ends with its exit code", async () => {
  using project = new ScratchFolder()
  const { exitCode, stdout } = await send(
    project,
    "-J",
    "quiet",
    "--",
    "sh",
    "-c",
    `${waitFor("go1")}; echo made >m.txt; exit 4`,
  )
  assert.equal(exitCode, 0)
  const id = Number(stdout)
  await pool().untilState(id, "running")
  await using attached = pool().start(["attach", "quiet"])
  await attached.says("started")
  await pool().hosts[0]?.write("go1", "")
  const ended = await attached.ended
  assert.equal(ended.exitCode, 4, ended.stderr)
  assert.equal(ended.stdout, "started\nreleased\n")
  const again = await pool().windfall(["attach", `${id}`])
  assert.equal(again.exitCode, 4)
  assert.equal(again.stdout, "started\nreleased\n")
})

test("after a detach the next command says what waits; get brings it home", async () => {
  using project = new ScratchFolder()
  const { stdout } = await send(project, "--", "sh", "-c", "mkdir -p out; echo made >out/m.txt; echo said")
  const id = Number(stdout)
  await pool().awaitJob(id)
  const next = await pool().windfall(["ps"], { cwd: project.path })
  assert.match(next.stderr, new RegExp(`get ${id}`))
  const got = await pool().windfall(["get", `${id}`], { cwd: project.path })
  assert.equal(got.exitCode, 0, got.stderr)
  assert.equal(readFileSync(project.at("out/m.txt"), "utf8"), "made\n")
  const after = await pool().windfall(["ps"], { cwd: project.path })
  assert.doesNotMatch(after.stderr, new RegExp(`get ${id}\\b`))
})

test("wait ends with the first exit code that is not 0, in the order named", async () => {
  const ids = await Promise.all(
    [0, 3, 5].map(async (code) => (await pool().submit({ command: ["sh", "-c", `exit ${code}`] })).id),
  )
  const [first] = ids
  const { exitCode, stdout } = await pool().windfall(["wait", "--json", ...ids.map(String), `${first}`])
  assert.equal(exitCode, 3)
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { exitCode: number; jobs?: number[] })
  assert.equal(events.length, 4, "one named twice ends once, and a last line is about all")
  assert.deepEqual([events.at(-1)?.exitCode, events.at(-1)?.jobs], [3, ids])
  const late = await pool().submit({ command: ["sleep", "30"] })
  assert.equal((await pool().windfall(["wait", `${late.id}`, "--timeout", "1s"])).exitCode, 124)
  await pool().windfall(["stop", `${late.id}`, "--now"])
})

test("wait tells the end of a job left to run once, with the files that wait", async () => {
  using project = new ScratchFolder()
  for (const [script, told] of [
    ["true", /succeeded [^\n]* host1[^\n]*\n$/],
    ["echo made >m.txt", /; 1 file waits: windfall get \d+\n$/],
  ] as const) {
    const id = (await send(project, "--", "sh", "-c", script)).stdout.trim()
    const { stderr } = await pool().windfall(["wait", id])
    assert.match(stderr, told)
    assert.equal(stderr.match(new RegExp(`job ${id}\\b`, "g"))?.length, 1, stderr)
    assert.doesNotMatch((await pool().windfall(["ps"])).stderr, new RegExp(`job ${id}\\b`))
  }
})

test("stop sends the job's signal, waits for its grace exactly, then kills", async () => {
  const stubborn = await pool().submit({
    command: ["sh", "-c", "trap 'echo asked' TERM; echo up; while :; do sleep 0.05; done"],
    graceMs: 1_000,
  })
  await pool().untilState(stubborn.id, "running")
  await using logs = pool().start(["logs", "-f", `${stubborn.id}`])
  await logs.says("up")
  const stopped = await pool().windfall(["stop", `${stubborn.id}`])
  assert.equal(stopped.exitCode, 0, stopped.stderr)
  const job = await pool().awaitJob(stubborn.id)
  assert.equal(job.state, "cancelled")
  assert.equal(job.cause, "cancelled")
  assert.match((await logs.ended).stdout, /^up\nasked\n/)
  const kind = await pool().submit({
    command: ["sh", "-c", "trap 'echo bye; exit 0' INT; echo up; while :; do sleep 0.05; done"],
  })
  await using kindLogs = pool().start(["logs", "-f", `${kind.id}`])
  await kindLogs.says("up")
  assert.equal((await pool().windfall(["stop", `${kind.id}`, "--signal", "INT"])).exitCode, 0)
  assert.equal((await pool().awaitJob(kind.id)).state, "cancelled")
  assert.match((await kindLogs.ended).stdout, /bye/)
})

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} of a send without a terminal stops the job and ends with 130`, async () => {
    await using child = pool().start(["send", "--no-folder", "--", "sh", "-c", "echo up; sleep 60"])
    await child.says("up")
    child.kill(signal)
    const { exitCode, stderr } = await child.ended
    assert.equal(exitCode, 130, stderr)
    const [newest] = await jobs()
    assert.equal(newest?.state, "cancelled")
  })
}

test("SIGHUP of a send detaches: the job runs on", async () => {
  await using child = pool().start(["send", "--no-folder", "--", "sh", "-c", waitFor("go2")])
  await child.says("started")
  child.kill("SIGHUP")
  const { exitCode } = await child.ended
  assert.equal(exitCode, 129)
  const [newest] = await jobs()
  assert.equal(newest?.state, "running")
  await pool().hosts[0]?.write("go2", "")
  assert.equal((await pool().awaitJob(newest?.id ?? 0)).state, "succeeded")
})

test("rerun sends the same job again; show, why and events tell its story", async () => {
  using project = new ScratchFolder()
  project.write({ "in.txt": "42\n" })
  const { stdout } = await send(project, "-e", "NAME=value", "--", "sh", "-c", 'echo "$NAME $(cat in.txt)"; exit 6')
  const first = await pool().awaitJob(Number(stdout))
  const again = await pool().windfall(["rerun", `${first.id}`], { cwd: project.path })
  assert.equal(again.exitCode, 6, again.stderr)
  assert.equal(again.stdout, "value 42\n")
  const [second] = await jobs()
  const id = `${second?.id}`
  const [show, why, events] = await Promise.all([
    pool().windfall(["show", id]),
    pool().windfall(["why", id]),
    pool().windfall(["events"]),
  ])
  assert.match(show.stdout, /host1/)
  assert.match(show.stdout, /exit code 6/)
  assert.equal(why.exitCode, 0, why.stderr)
  for (const step of ["sent\n", "queued -> starting", "starting -> running", "finishing -> failed"]) {
    assert.match(events.stdout, new RegExp(`job ${id} ${step}`))
  }
})

test("a log that is not kept any more is said to be; attach still ends with the job's exit code", async () => {
  const { id } = await pool().submit({ command: ["sh", "-c", "echo printed; exit 4"] })
  await pool().awaitJob(id)
  // Before its host has forgotten it, it would give the log once more.
  const attempts = join(pool().hosts[0]?.files ?? "", ".windfall/servers", pool().server.id, "attempts")
  await pool().untilHost("host1", () => readdirSync(attempts).length === 0)
  await pool().server.stop()
  rmSync(join(pool().data, "logs", "0", `${id}.1`), { recursive: true })
  await pool().server.start()
  const logs = await pool().windfall(["logs", `${id}`])
  assert.equal(logs.exitCode, 2)
  assert.match(logs.stderr, /Cannot read the log of job \d+: it is not kept any more\. Logs stay for 365d/)
  const attached = await pool().windfall(["attach", `${id}`])
  assert.equal(attached.exitCode, 4, attached.stderr)
  assert.match(attached.stderr, /it is not kept any more/)
  assert.match((await pool().windfall(["doctor"])).stdout, /logs of jobs take \d/)
})

test("logs shows tails, follows, and stays when the host has left", async () => {
  const { id } = await pool().submit({ command: ["sh", "-c", "for i in 1 2 3 4 5; do echo line $i; done; echo e >&2"] })
  await pool().awaitJob(id)
  const run = (...args: string[]) => pool().windfall(["logs", `${id}`, ...args])
  assert.equal((await run("--tail", "2", "--stdout")).stdout, "line 4\nline 5\n")
  assert.equal((await run("--stderr")).stdout, "e\n")
  assert.equal((await run("-f")).stdout, "line 1\nline 2\nline 3\nline 4\nline 5\n")
  const same = await pool().windfall(["host", "rekey", "host1"])
  assert.equal(same.stdout, "host1 shows the key it is known by already; nothing was changed\n", same.stderr)
  const removed = await pool().windfall(["host", "rm", "host1", "--json"], { input: "y\n" })
  assert.equal(removed.exitCode, 0, removed.stderr)
  assert.equal((JSON.parse(removed.stdout) as { name: string }).name, "host1")
  assert.equal((await run("--stdout", "--tail", "1")).stdout, "line 5\n")
})

function send(project: ScratchFolder, ...args: string[]) {
  return pool().windfall(["send", "-q", "--detach", ...args], { cwd: project.path })
}

/** Newest first. */
async function jobs(): Promise<readonly JobView[]> {
  return (await pool().api<{ jobs: JobView[] }>("GET", "/v1/jobs")).jobs
}
