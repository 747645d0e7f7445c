import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { assertRefused } from "../support/assert-refused.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { TerminalUser } from "../support/terminal-user.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1, server: { timing: { pingMs: 400, silenceMs: 1200, lastRetryMs: 500 } } })
const PROMPT = /[$#] $/

test("shell opens a session on an idle host: size, colours, files there and home again, exit code, terminal as before", async () => {
  using project = new ScratchFolder()
  project.write({ "here.txt": "from here\n" })
  const line =
    'before=$(stty -g); windfall shell --memory 256M; code=$?; [ "$(stty -g)" = "$before" ] && echo restored-$code'
  await using user = new TerminalUser(pool(), line, { cwd: project.path })
  await user.sees(PROMPT)
  user.type("stty size; echo T=$TERM C=$COLORTERM L=$LANG; cat here.txt; pwd\r")
  await user.sees("25 90")
  await user.sees(/T=xterm-256color C=truecolor L=\S+UTF-8\r\n/)
  await user.sees("from here")
  user.resize(120, 40)
  user.type("sleep 0.2; stty size; printf '\\033[38;5;208mcolour\\033[0m\\n'; echo made there > there.txt\r")
  await user.sees("40 120")
  await user.sees("\x1b[38;5;208mcolour\x1b[0m")
  user.type("exit 5\r")
  await user.sees(/failed with exit code 5 .* on host1/)
  await user.sees("restored-5")
  await user.ended()
  const [, id = ""] = /job (\d+) failed with exit code 5/.exec(user.text) ?? []
  const over = await pool().windfall(["attach", id])
  assert.equal(over.exitCode, 5, over.stderr)
  assert.match(over.stdout, /T=xterm-256color/, "what a session showed is there without a terminal, too")
  const rerun = await pool().windfall(["rerun", id])
  assertRefused(rerun, /standard input is not a terminal/, /windfall send/)
  assert.match((await pool().windfall(["ps"])).stdout, /^No job of yours runs or waits/, "nothing was sent")
  assert.equal(readFileSync(join(project.path, "there.txt"), "utf8"), "made there\n")
})

test("a session goes on through a killed server and a cut link: nothing shown twice, no key lost", async () => {
  await using user = new TerminalUser(pool(), "windfall shell -q; echo code=$?")
  await user.sees(PROMPT)
  user.type("i=0; while [ $i -lt 400 ]; do echo line-$i-; i=$((i+1)); sleep 0.02; done; echo all-d''one\r")
  await user.sees("line-20-")
  await pool().server.kill9()
  user.type("echo typed-while-a''way\r")
  await pool().server.start()
  await user.sees("line-100-")
  const [host] = pool().hosts
  await host?.cut()
  await pool().untilHost("host1", ({ link }) => link !== "ready")
  await host?.restore()
  await user.sees("all-done")
  await user.sees("typed-while-away")
  user.type("exit 0\r")
  await user.sees("code=0")
  const shown = [...user.text.matchAll(/\nline-(\d+)-/g)].map(([, number]) => Number(number))
  assert.deepEqual(
    shown,
    Array.from({ length: 400 }, (_, i) => i),
  )
  assert.equal(user.text.split("typed-while-away").length, 2)
})

test("~. leaves a session that runs on; attach comes back to it; its log has what was shown", async () => {
  await using user = new TerminalUser(pool(), "windfall shell --name stays; echo code=$?")
  await user.sees(PROMPT)
  user.type("MINE=kept; echo he''llo\r")
  await user.sees("hello")
  await user.sees(PROMPT)
  user.type("~.")
  await user.sees(/detached; job \d+ \(stays\) goes on/)
  await user.sees("code=0")
  await using again = new TerminalUser(pool(), "windfall attach stays; echo code=$?")
  await again.sees("hello")
  again.type("echo still-$MINE; exit 3\r")
  await again.sees("still-kept")
  await again.sees("code=3")
  const log = await pool().windfall(["logs", "stays"])
  assert.match(log.stdout, /still-kept/)
})

test("a session waits in the queue like any job and says why", async () => {
  const all = (await pool().host("host1")).total
  const blocker = await pool().submit({
    command: ["sleep", "600"],
    resources: { memoryBytes: 1024 ** 2, gpus: null, cores: all.cores },
  })
  await pool().untilState(blocker.id, "running")
  await using user = new TerminalUser(pool(), "windfall shell; echo code=$?")
  await user.sees(/queued, place 1/)
  await pool().api("POST", `/v1/jobs/${blocker.id}/stop`, { now: true })
  await user.sees(PROMPT)
  user.type("exit\r")
  await user.sees("code=0")
})

test("a flood does not hide Ctrl-C", async () => {
  await using user = new TerminalUser(pool(), "windfall shell -q; echo code=$?")
  await user.sees(PROMPT)
  user.type("yes flood-flood-flood\r")
  await user.sees("flood-flood-flood\r\nflood-flood-flood")
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const before = user.text.length
  user.type("\x03")
  await user.sees(/\^C/)
  await user.sees(PROMPT)
  assert.ok(user.text.length - before < 4 * 1024 * 1024, `${user.text.length - before} bytes after Ctrl-C`)
  user.type("exit 0\r")
  await user.sees("code=0")
})

test("shell JOB looks around beside a running job, with its environment, and ends with it", async () => {
  const job = await pool().submit({
    command: ["sh", "-c", "echo made > by-the-job; exec sleep 600"],
    env: { MARK: "of-the-job" },
  })
  await pool().untilState(job.id, "running")
  await using user = new TerminalUser(pool(), `windfall shell ${job.id}; echo code=$?`)
  await user.sees(PROMPT)
  user.type("cat by-the-job; echo $MARK $WINDFALL_JOB; stty size\r")
  await user.sees("made")
  await user.sees(`of-the-job ${job.id}`)
  await user.sees("25 90")
  await using other = new TerminalUser(pool(), `windfall shell ${job.id}; echo code=$?`)
  await other.sees(PROMPT)
  other.type("exit 6\r")
  await other.sees("code=6")
  await pool().api("POST", `/v1/jobs/${job.id}/stop`, { now: true })
  await user.sees(/code=\d+/)
  assert.equal((await pool().log(job.id)).toString(), "")
})

test("who sits at a session, or beside a job, is told that the host's owner wants it stopped, and that it goes on", async () => {
  await using user = new TerminalUser(pool(), "windfall shell --name told; echo code=$?")
  await user.sees(PROMPT)
  const [job] = (await pool().api<{ jobs: { id: number }[] }>("GET", "/v1/jobs?state=running")).jobs
  await using beside = new TerminalUser(pool(), `windfall shell ${job?.id}; echo code=$?`)
  await beside.sees(PROMPT)
  const owner = (act: string, body: object) => pool().api("POST", `/v1/hosts/host1/owner/${act}`, body)
  await owner("rules", { rules: { resume_after_idle: "0s" } })
  await owner("pause", { for: null, until: null })
  for (const one of [user, beside])
    await one.sees(/\[windfall: job \d+ is suspended on host1: paused until it is resumed\]/)
  await owner("resume", {})
  for (const one of [user, beside]) await one.sees(/\[windfall: job \d+ goes on on host1/)
  await owner("rules", { rules: { on_return: "vacate" } })
  await owner("pause", { for: null, until: null })
  await user.sees(/attempt 1 on host1 stepped aside: paused until it is resumed/)
  await user.sees(/job \d+ waits again/)
  await beside.sees(/code=/)
  await owner("rules", { rules: { on_return: null, resume_after_idle: null } })
  await owner("resume", {})
  await user.sees(PROMPT)
  user.type("exit 0\r")
  await user.sees("code=0")
})

test("SIGTERM to the command line leaves the session and gives the terminal back as it was", async () => {
  const line = 'before=$(stty -g); windfall shell --name left; [ "$(stty -g)" = "$before" ] && echo restored'
  await using user = new TerminalUser(pool(), line)
  await user.sees(PROMPT)
  const [child] = readFileSync(`/proc/${user.pid}/task/${user.pid}/children`, "utf8").trim().split(" ")
  process.kill(Number(child), "SIGTERM")
  await user.sees(/detached; job \d+ \(left\) goes on/)
  await user.sees("restored")
  assert.equal((await pool().windfall(["stop", "left", "--now"])).exitCode, 0)
})

test("a killed command line leaves the session running, and nothing but the terminal behind", async () => {
  await using user = new TerminalUser(pool(), "windfall shell --name orphan; echo code=$?")
  await user.sees(PROMPT)
  user.type("MINE=alive\r")
  await user.sees(PROMPT)
  process.kill(-user.pid, "SIGKILL")
  await user.ended()
  await using again = new TerminalUser(pool(), "windfall attach orphan; echo code=$?")
  await again.sees(PROMPT)
  again.type("echo is-$MINE; exit\r")
  await again.sees("is-alive")
  await again.sees("code=0")
})

test("a host out of contact is said to be so, and the shell opens when it is back", async () => {
  const job = await pool().submit({ command: ["sleep", "600"] })
  await pool().untilState(job.id, "running")
  const [host] = pool().hosts
  await host?.cut()
  await pool().untilHost("host1", ({ link }) => link !== "ready")
  await using early = new TerminalUser(pool(), `windfall shell ${job.id}; echo code=$?`)
  await early.sees(/Cannot open a shell beside job \d+: host1 is out of contact/)
  await early.sees("code=2")
  assert.ok(!early.text.includes("\x1b"), "nothing was opened, so nothing is put back")
  await host?.restore()
  await pool().untilHost("host1", ({ link }) => link === "ready")
  await using user = new TerminalUser(pool(), `windfall shell ${job.id}; echo code=$?`)
  await user.sees(PROMPT)
  user.type("exit\r")
  await user.sees("code=0")
  await pool().api("POST", `/v1/jobs/${job.id}/stop`, { now: true })
})

test("what cannot be is refused in words, with exit code 2", async () => {
  const none = await pool().windfall(["shell"])
  assert.equal(none.exitCode, 2)
  assert.match(none.stderr, /Cannot open a shell: standard input is not a terminal/)
  const job = await pool().submit({ command: ["sleep", "600"] })
  await pool().untilState(job.id, "running")
  const bob = await pool().addUser("bob")
  await using other = new TerminalUser(pool(), `windfall shell ${job.id}; echo code=$?`, { token: bob })
  await other.sees(/it belongs to admin/)
  await other.sees("code=2")
  await using unfit = new TerminalUser(pool(), `windfall shell ${job.id} --memory 4G; echo code=$?`)
  await unfit.sees(/Cannot open a shell beside a job with --memory/)
  await pool().api("POST", `/v1/jobs/${job.id}/stop`, { now: true })
  await pool().awaitJob(job.id)
  await using late = new TerminalUser(pool(), `windfall shell ${job.id}; echo code=$?`)
  await late.sees(/Cannot open a shell beside job \d+: it was stopped/)
  await late.sees("code=2")
  assert.ok(!existsSync(pool().scratch.at("home", "by-the-job")))
})
