import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import type { NotifyBody } from "../../src/protocol/notify-api.ts"
import { MessageReceiver, type ReceivedMessage } from "../support/message-receiver.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ local: 1, serverArgs: ["--notify-private"] })
let receiver: MessageReceiver
before(async () => {
  receiver = await MessageReceiver.start()
})
after(() => receiver[Symbol.asyncDispose]())

const windfall = (...words: string[]) => pool().windfall(words)
const send = (...words: string[]) => windfall("send", "-q", "--no-folder", ...words)
const bodyOf = (message: ReceivedMessage | undefined) => JSON.parse(message?.body ?? "") as NotifyBody
const hasPython = spawnSync("python3", ["--version"]).status === 0

test("notify set reads addresses from standard input, and the example of the documentation verifies what comes", {
  skip: hasPython ? false : "there is no python3",
}, async () => {
  using scratch = new ScratchFolder()
  const words = ["notify", "set", "--on", "done", "--json"]
  const setting = await pool().windfall(words, { input: `${receiver.at("/signed")}\n` })
  const { secret, host } = JSON.parse(setting.stdout)
  assert.equal(host, `127.0.0.1:${receiver.port}`)
  const tried = await windfall("notify", "test")
  assert.equal(tried.exitCode, 0)
  assert.match(tried.stdout, /^webhook at 127\.0\.0\.1:\d+ was told\n$/)
  const [message] = await receiver.until(1, "/signed")
  const page = readFileSync(join(import.meta.dirname, "../../docs/notify.md"), "utf8")
  const example = /```python\n(.*?)```/s.exec(page)?.[1] ?? ""
  const verify = (body: string) => {
    const given = JSON.stringify({ secret, headers: message?.headers, body })
    const script = `import json, sys\nglobals().update(json.load(sys.stdin))\nbody = body.encode()\n${example}print(ok)`
    scratch.write({ "verify.py": script })
    return spawnSync("python3", [scratch.at("verify.py")], { input: given, encoding: "utf8" }).stdout.trim()
  }
  assert.equal(verify(message?.body ?? ""), "True")
  assert.equal(verify(`${message?.body} `), "False")
})

test("set, show, test and rm: addresses never come back, a dead target is named with exit code 1", async () => {
  const set = await windfall("notify", "set", receiver.at("/sesame"), "ntfy+http://127.0.0.1:9/open-sesame")
  assert.match(
    set.stdout,
    /^webhook at .* is told of: done,failed,stalled=30m,vacated,waiting=1h\nIts messages are signed; .*whsec_/,
  )
  const tried = await windfall("notify", "test")
  assert.equal(tried.exitCode, 1)
  assert.match(tried.stdout, /ntfy at 127\.0\.0\.1:9 was not told: .*ECONNREFUSED/)
  const shown = await windfall("notify", "show")
  assert.match(shown.stdout, /^TARGET .*\nwebhook at 127\.0\.0\.1:\d+ /)
  assert.doesNotMatch(set.stdout + tried.stdout + shown.stdout, /sesame/)
  assert.equal((await windfall("notify", "rm")).exitCode, 0)
  assert.match((await windfall("notify", "show")).stdout, /^Nobody is told/)
  assert.equal((await windfall("notify", "test")).exitCode, 2)
})

test("bad targets and reasons end with 2 and what is known, and nothing is sent", async () => {
  const jobs = (await windfall("ps", "--all", "--json")).stdout
  const refused = [
    [["notify", "set", "mailto://lena-sesame"], /told by mailto:\/\/.*\n.*ntfy:\/\/TOPIC/],
    [["notify", "set", "--on", "sometimes", "ntfy://a"], /"sometimes" is not one of done/],
    [["notify", "rm", "n0"], /you have none of that id\n.*notify show/],
    [["send", "--notify", "lena-sesame", "--", "true"], /--notify: .*\n.*https:\/\/HOST/],
    [["send", "--notify", "none", "--notify", "ntfy://a", "--", "true"], /--notify/],
    [["send", "--notify-on", "stalled=5", "--", "true"], /--notify-on: "5" has no unit/],
  ] as const
  for (const [words, text] of refused) {
    const { exitCode, stderr } = await windfall(...words)
    assert.equal(exitCode, 2, words.join(" "))
    assert.match(stderr, text)
    assert.doesNotMatch(stderr, /sesame/)
  }
  assert.equal((await windfall("ps", "--all", "--json")).stdout, jobs)
})

test("send --notify tells how it ended, --dry-run hides the address, a job file says the same", async () => {
  using project = new ScratchFolder()
  const dry = await send("--dry-run", "--json", "--notify", receiver.at("/sesame"), "--", "true")
  assert.match(dry.stdout, /"targets":\["webhook at 127\.0\.0\.1:\d+"\]/)
  await send("--notify", receiver.at("/flag"), "--notify-on", "failed", "--", "sh", "-c", "echo oh; exit 4")
  const flag = bodyOf((await receiver.until(1, "/flag"))[0])
  assert.deepEqual([flag.type, flag.data.job?.exitCode, flag.data.lines], ["job.failed", 4, ["oh"]])
  project.write({
    "windfall.yml": `command: [cat, here]\nnotify: ["${receiver.at("/file")}"]\nnotify-on: done\n`,
    here: "yes",
  })
  assert.equal((await pool().windfall(["apply", "-q"], { cwd: project.path })).exitCode, 0)
  assert.equal(bodyOf((await receiver.until(1, "/file"))[0]).type, "job.done")
})

test("a secret that a job prints is masked in its message", async () => {
  await pool().api("PUT", "/v1/secrets/WORD", { value: "open-sesame-1234" })
  await send("--secret", "WORD", "--notify", receiver.at("/masked"), "--", "sh", "-c", "echo it is $WORD; exit 1")
  const [message] = await receiver.until(1, "/masked")
  assert.match(bodyOf(message).data.lines[0] ?? "", /^it is \*+$/)
  assert.doesNotMatch(message?.body ?? "", /sesame-1234/)
})

test("a job that sleeps is told of as standing still, by what its host's agent sees", async () => {
  const { id } = await pool().submit({
    command: ["sleep", "600"],
    notify: { targets: [receiver.at("/still")], on: { reasons: ["stalled"], stalledMs: 2_000, waitingMs: 1_000 } },
  })
  const [message] = await receiver.until(1, "/still")
  assert.equal(bodyOf(message).type, "job.stalled")
  await pool().api("POST", `/v1/jobs/${id}/stop`, { now: true })
  await pool().awaitJob(id)
})

test("a message outlives kill -9 of the server between its sending and the answer", async () => {
  receiver.answer = ({ path }) => (path === "/crash" ? null : { status: 200 })
  await send("--notify", receiver.at("/crash"), "--", "true")
  const [first] = await receiver.until(1, "/crash")
  await pool().server.kill9()
  receiver.answer = () => ({ status: 200 })
  await pool().server.start()
  const [, second] = await receiver.until(2, "/crash")
  assert.equal(second?.headers["webhook-id"], first?.headers["webhook-id"])
  assert.equal(bodyOf(second).data.title, bodyOf(first).data.title)
})
