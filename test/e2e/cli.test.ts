import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, renameSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { JobView } from "../../src/protocol/job.ts"
import { assertRefused } from "../support/assert-refused.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ local: 1 })

test("a name that an unfinished job has is refused, and free again when that has ended", async () => {
  const sent = await pool().windfall(["send", "-q", "--no-folder", "--detach", "--name", "taken", "--", "sleep", "60"])
  assert.equal(sent.exitCode, 0, sent.stderr)
  assertRefused(
    await pool().windfall(["send", "--no-folder", "--name", "taken", "--", "true"]),
    /taken/,
    /windfall stop/,
  )
  await pool().windfall(["stop", "taken", "--now"])
  assert.equal((await pool().windfall(["wait", "taken"])).exitCode, 130)
  const again = await pool().windfall(["send", "-q", "--no-folder", "--name", "taken", "--", "true"])
  assert.equal(again.exitCode, 0, again.stderr)
})

test("an environment of 10 MB and one of more than 256 KB are refused", async () => {
  using project = new ScratchFolder()
  const value = "x".repeat(100_000)
  const many = ["A", "B", "C"].flatMap((name) => ["--env", `${name}=${value}`])
  assertRefused(await pool().windfall(["send", ...many, "--", "true"]), /293 KB of variables/, /file of the folder/)
  project.write({ "windfall.yml": `command: "true"\nenv:\n${"  V: 1\n".replace("1", "x".repeat(10 * 1024 ** 2))}` })
  assertRefused(await pool().windfall(["apply"], { cwd: project.path }), /a job file may have 1 MB/)
})

test("a malformed job file is refused with line and column and what was meant; a right one is sent", async () => {
  using project = new ScratchFolder()
  project.write({ "windfall.yml": "command: echo $GREETING; cat\nmemmory: 1G\ntime: 30\n" })
  const { stderr, exitCode } = await pool().windfall(["apply", "-f", "windfall.yml"], { cwd: project.path })
  assert.equal(exitCode, 2)
  assert.match(stderr, /windfall\.yml:2:1: unknown key "memmory": did you mean memory\?/)
  assert.match(stderr, /windfall\.yml:3:7: time: "30" has no unit/)
  project.write({
    "windfall.yml": "command: echo $GREETING; cat\nmemory: 64M\nenv: {GREETING: hello}\nstdin: input.txt\n",
    "input.txt": "from a file\n",
  })
  const right = await pool().windfall(["apply", "-q"], { cwd: project.path })
  assert.equal(right.exitCode, 0, right.stderr)
  assert.equal(right.stdout, "hello\nfrom a file\n")
})

test("a wrong token, no login, and a server that is not there are told apart", async () => {
  assertRefused(await pool().windfall(["ps"], { token: "wf_wrong" }), /token/, /windfall login/)
  const nowhere = { env: { WINDFALL_URL: undefined, WINDFALL_TOKEN: undefined } }
  assertRefused(await pool().windfall(["ps"], nowhere), /not logged in/, /windfall login URL .* windfall up/)
  const gone = { env: { WINDFALL_URL: "http://127.0.0.1:1" } }
  assertRefused(await pool().windfall(["ps"], gone), /http:\/\/127\.0\.0\.1:1: nothing listens there/, /windfall up/)
})

test("login keeps the token in a file that only its user can read, and checks it first", async () => {
  using home = new ScratchFolder()
  const env = { HOME: home.path, WINDFALL_URL: undefined, WINDFALL_TOKEN: undefined }
  const wrong = await pool().windfall(["login", pool().url], { env, input: "wf_wrong\n" })
  assert.equal(wrong.exitCode, 2)
  const right = await pool().windfall(["login", pool().url], { env, input: `${pool().token}\n` })
  assert.equal(right.exitCode, 0, right.stderr)
  assert.match(right.stdout, /You are admin \(admin\)/)
  assert.equal(right.stdout.includes(pool().token), false)
  assert.equal((await pool().windfall(["ps"], { env })).exitCode, 0)
  const { stdout } = await pool().windfall(["doctor"], { env })
  assert.match(stdout, /readable by you alone/)
  assert.equal((await pool().windfall(["logout"], { env })).exitCode, 0)
  assertRefused(await pool().windfall(["ps"], { env }), /not logged in/)
})

test("token create takes the user's name as a word or as an option", async () => {
  await pool().addUser("eva")
  for (const words of [["eva"], ["--user", "eva"]]) {
    const { stdout, stderr } = await pool().windfall(["token", "create", ...words])
    assert.match(stderr, /^windfall: token \S+ of eva, role user, which never expires; it is not shown again/)
    const shown = await pool().windfall(["ps"], { token: stdout.trim() })
    assert.equal(shown.exitCode, 0, shown.stderr)
  }
  assertRefused(await pool().windfall(["token", "create", "eva", "--user", "mia"]), /two users: eva and mia/)
})

test("what somebody may not do is refused", async () => {
  const token = await pool().addUser("mia")
  const { stdout } = await pool().windfall([
    "send",
    "-q",
    "--no-folder",
    "--detach",
    "--",
    "sh",
    "-c",
    "echo mine; sleep 60",
  ])
  const job = stdout.trim()
  for (const args of [
    ["stop", job],
    ["logs", job],
    ["host", "drain", "local1"],
    ["user", "add", "x"],
  ]) {
    assertRefused(await pool().windfall(args, { token }), /Cannot/)
  }
  const watching = await pool().windfall(["attach", job], { token })
  assert.equal(watching.exitCode, 2)
  assert.match(watching.stderr, /^Cannot attach to job \d+: it is \w+'s\n {2}Only its owner and administrators/)
  assert.doesNotMatch(watching.stderr, /goes on without you/)
  const { stdout: shown } = await pool().windfall(["show", job], { token })
  assert.doesNotMatch(shown, /echo mine/)
  assert.equal((await pool().windfall(["stop", job, "--now"])).exitCode, 0)
  assert.equal((await pool().windfall(["wait", job])).exitCode, 130)
})

test("without a terminal SIGINT and SIGTERM stop the job; once more kills it; SIGHUP lets it run", async () => {
  const script = "trap 'echo asked' TERM; echo ready; while :; do sleep 0.1; done"
  await using stubborn = pool().start(["send", "--no-folder", "--grace", "1h", "--", "sh", "-c", script])
  await stubborn.says("ready")
  stubborn.kill("SIGINT")
  await stubborn.says("asked")
  stubborn.kill("SIGTERM")
  const killed = await stubborn.ended
  assert.equal(killed.exitCode, 130)
  assert.match(killed.stderr, /stopping job \d+.*killing job \d+.*was stopped/s)

  await using left = pool().start(["send", "--no-folder", "--", "sh", "-c", "echo ready; sleep 1; echo done >left.txt"])
  await left.says("ready")
  left.kill("SIGHUP")
  const { exitCode, stderr } = await left.ended
  assert.equal(exitCode, 129)
  const [, id = ""] = /detached; job (\d+) goes on/.exec(stderr) ?? []
  assert.equal((await pool().awaitJob(Number(id))).state, "succeeded")
})

test("after a detach the next command says once what waits, and get brings it to the folder it was sent from", async () => {
  using project = new ScratchFolder()
  const args = ["send", "--detach", "--name", "later", "--", "sh", "-c", "echo result >made.txt"]
  const sent = await pool().windfall(args, { cwd: project.path })
  assert.equal(sent.exitCode, 0, sent.stderr)
  const id = Number(sent.stdout)
  assert.ok(id > 0)
  await pool().awaitJob(id)
  const quiet = await pool().windfall(["send", "-q", "--no-folder", "--", "true"])
  assert.equal(quiet.stderr, "", "who wants quiet is told nothing; the next command says it")
  const next = await pool().windfall(["host", "ls"])
  assert.match(next.stderr, new RegExp(`job ${id} \\(later\\) succeeded; 1 file waits: windfall get ${id}`))
  assert.equal((await pool().windfall(["host", "ls"])).stderr, "")
  project.write({ "keep.txt": "mine" })
  const files = await pool().windfall(["get", "later", "--to", project.at("keep.txt")])
  assertRefused(files, /Cannot bring files to \/.*\/keep\.txt: it is no folder/, /--to DIR/)
  const below = await pool().windfall(["get", "later", "--to", project.at("keep.txt/x")])
  assertRefused(below, /keep\.txt is no folder/, /--to DIR/)
  symlinkSync(project.at("gone"), project.at("dangling"))
  const nowhere: [to: string, why: RegExp][] = [[project.at("dangling"), /dangling is a link to what is not there/]]
  if (existsSync("/proc/self")) nowhere.push(["/proc/windfall/x", /no folder can be made in \/proc/])
  for (const [to, why] of nowhere) assertRefused(await pool().windfall(["get", "later", "-o", to]), why, /--to DIR/)
  const { stdout } = await pool().windfall(["get", "later"])
  assert.match(stdout, /1 file came home/)
  assert.equal(readFileSync(project.at("made.txt"), "utf8"), "result\n")
  const again = await pool().windfall(["attach", "later"])
  assert.match(again.stderr, /; 1 file \(7 B\) came home before: /)
  assert.ok(again.stderr.includes(project.path))
})

test("what cannot travel is named at each send; a folder that is a link here is not written through, and how to get it is said", async () => {
  using project = new ScratchFolder()
  project.write({ "out/old": "old\n" })
  execFileSync("mkfifo", [project.at("pipe")])
  const send = (...command: string[]) => pool().windfall(["send", "--", ...command], { cwd: project.path })
  for (let time = 1; time <= 2; time++) assert.match((await send("true")).stderr, /cannot travel: pipe \(a pipe\)\n/)

  const { stderr } = await send("sh", "-c", "echo a >out/f")
  assert.match(stderr, /1 file came home/)
  renameSync(project.at("out"), project.at("elsewhere"))
  symlinkSync("elsewhere", project.at("out"))
  const id = /job (\d+) succeeded/.exec(stderr)?.[1] ?? assert.fail(stderr)
  const got = await pool().windfall(["get", id], { cwd: project.path })
  assert.match(got.stderr, /out was not written: it is a link here/)
  assert.match(got.stderr, new RegExp(`what is in out still waits: windfall get ${id} -o DIR`))
  const other = await pool().windfall(["get", id, "-o", "other"], { cwd: project.path })
  assert.equal(other.exitCode, 0, other.stderr)
  assert.equal(readFileSync(project.at("other/out/f"), "utf8"), "a\n")
})

test("a reader that goes away ends the watching quietly and leaves the job alone", async () => {
  const cli = [
    "send",
    "--no-folder",
    "--",
    "sh",
    "-c",
    "i=0; while [ $i -lt 30 ]; do echo $i; i=$((i+1)); sleep 0.05; done",
  ]
  await using child = pool().start(cli)
  await child.says("1")
  child.process.stdout.destroy()
  const { exitCode, stderr } = await child.ended
  assert.equal(exitCode, 141)
  const [, id = ""] = /job (\d+) goes on/.exec(stderr) ?? []
  assert.equal((await pool().awaitJob(Number(id))).state, "succeeded")
})

test("ps, show and why print JSON that programs can read", async () => {
  const { stdout } = await pool().windfall(["send", "-q", "--no-folder", "--detach", "--name", "json", "--", "true"])
  const id = Number(stdout)
  await pool().awaitJob(id)
  const shown = JSON.parse((await pool().windfall(["show", "json", "--json"])).stdout) as JobView
  assert.equal(shown.id, id)
  assert.equal(shown.state, "succeeded")
  const listed = (await pool().windfall(["ps", "--all", "--json"])).stdout.trim().split("\n")
  assert.ok(listed.some((line) => (JSON.parse(line) as JobView).id === id))
  const why = JSON.parse((await pool().windfall(["why", String(id), "--json"])).stdout) as { job: number }
  assert.equal(why.job, id)
})

test("the schema beside the documentation is named where a job file is documented", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/job-file.md"), "utf8")
  assert.match(text, /windfall\.schema\.json/)
})
