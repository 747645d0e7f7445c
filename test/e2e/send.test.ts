import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })

test("send runs a command on a host, keeps stdout and stderr apart, and ends with its exit code", async () => {
  const { exitCode, stdout, stderr } = await pool().windfall([
    "send",
    "--",
    "sh",
    "-c",
    "echo out; echo err >&2; echo more; exit 7",
  ])
  assert.equal(exitCode, 7)
  assert.equal(stdout, "out\nmore\n")
  assert.match(stderr, /^err\n/)
  assert.match(stderr, /failed with exit code 7 .* on host1; peak memory [\d.]+ MB$/m)
})

test("every byte comes through as it was printed, live and in logs", async () => {
  using project = new ScratchFolder()
  const bytes = Buffer.from(Array.from({ length: 600_000 }, (_, i) => (i * 7919 + (i >> 8)) % 256))
  project.write({ "bytes.bin": bytes })
  const { exitCode, stdoutBytes } = await pool().windfall(["send", "-q", "--", "cat", "bytes.bin"], {
    cwd: project.path,
  })
  assert.equal(exitCode, 0)
  assert.ok(stdoutBytes.equals(bytes))
  const last = (await pool().windfall(["ps", "--all", "--json"])).stdout
  const { id } = newest(last)
  const logs = await pool().windfall(["logs", `${id}`, "--stdout"])
  assert.ok(logs.stdoutBytes.equals(bytes))
  const part = (range: string) =>
    fetch(`${pool().url}/v1/jobs/${id}/logs?stream=stdout`, {
      headers: { authorization: `Bearer ${pool().token}`, range },
    })
  const some = await part("bytes=1000-2999")
  assert.equal(some.status, 206)
  assert.ok(Buffer.from(await some.arrayBuffer()).equals(bytes.subarray(1000, 3000)))
  for (const ignored of ["bytes=x", "bytes=5-2", "bytes=0-1,3-4"]) {
    const all = await part(ignored)
    assert.equal(all.status, 200, ignored)
    assert.ok(Buffer.from(await all.arrayBuffer()).equals(bytes), ignored)
  }
  const beyond = await part("bytes=600000-")
  assert.deepEqual([beyond.status, beyond.headers.get("content-range")], [416, "bytes */600000"])
  assert.match(await beyond.text(), /Cannot read bytes from 600000 of stdout: it has 600000/)
})

test("progress bars with carriage returns and half characters look right", async () => {
  const script = `printf '10%%\\r20%%\\r30%%\\n'; printf '\\303'; sleep 0.2; printf '\\251\\n'`
  const { stdout } = await pool().windfall(["send", "-q", "--no-folder", "--", "sh", "-c", script])
  assert.equal(stdout, "10%\r20%\r30%\né\n")
})

test("a script may open /dev/stdout and /dev/stderr anew, and nothing printed before is lost", async () => {
  const loop =
    "for i in 1 2 3; do echo $i; echo $i > /dev/stdout; echo e$i > /dev/stderr; done; echo both | tee /dev/stderr"
  const { stdout, stderr } = await pool().windfall(["send", "-q", "--no-folder", "--", "sh", "-c", loop])
  assert.equal(stdout, "1\n1\n2\n2\n3\n3\nboth\n")
  assert.equal(stderr, "e1\ne2\ne3\nboth\n")
})

test("the exit code says how a job ended: signal, time limit, not found", async () => {
  const run = (...args: string[]) => pool().windfall(["send", "-q", "--no-folder", ...args])
  const [killed, limited, missing] = await Promise.all([
    run("--", "sh", "-c", "kill -SEGV $$"),
    run("--time", "1s", "--grace", "1s", "--", "sleep", "60"),
    run("--", "no-such-command-anywhere"),
  ])
  assert.equal(killed.exitCode, 139)
  assert.equal(limited.exitCode, 124)
  assert.equal(missing.exitCode, 127)
  assert.match(missing.stderr, /no-such-command-anywhere/)
})

test("--json prints events, the last one with the exit code and the job", async () => {
  const { stdout, exitCode } = await pool().windfall([
    "send",
    "--json",
    "--no-folder",
    "--",
    "sh",
    "-c",
    "echo hi; exit 5",
  ])
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.equal(lines[0]?.type, "accepted")
  const end = lines.at(-1) as Record<string, unknown>
  assert.equal(end.type, "end")
  assert.equal(end.exitCode, 5)
  assert.equal(end.cause, "exited")
  assert.equal(exitCode, 5)
  const output = lines.filter(({ type }) => type === "output")
  assert.ok(output.length > 0, "output is among the events")
})

test("with --detach the last event says the exit code, too", async () => {
  using project = new ScratchFolder()
  project.write({ "windfall.yml": 'command: "true"\nno-folder: true\n---\ncommand: "true"\nno-folder: true\n' })
  const events = async (command: string, ...args: string[]) => {
    const { stdout, stderr } = await pool().windfall([command, "--json", ...args], { cwd: project.path })
    const lines = stdout.split("\n").filter((line) => line !== "")
    assert.ok(lines.length > 1, stderr)
    return lines.map((line) => JSON.parse(line) as { type: string; job: number; [name: string]: unknown })
  }
  const [accepted, end] = await events("send", "-d", "--no-folder", "--", "true")
  assert.equal(accepted?.type, "accepted")
  assert.deepEqual([end?.type, end?.exitCode, end?.detached], ["end", 0, true])
  const again = (await events("rerun", "-d", `${accepted?.job}`)).at(-1)
  assert.deepEqual([again?.type, again?.exitCode, again?.detached], ["end", 0, true])
  const both = await events("apply")
  assert.deepEqual(both.at(-1), { type: "end", exitCode: 0, detached: true, jobs: [both[0]?.job, both[1]?.job] })
})

test("--env, --stdin and secrets reach the job; a secret is masked in its output", async () => {
  const stored = await pool().windfall(["secret", "set", "E2E_TOKEN"], { input: "s3cret-value-123\n" })
  assert.equal(stored.exitCode, 0, stored.stderr)
  const script = 'read line; echo "$GREETING $HERE $line"; echo "$E2E_TOKEN" | wc -c; echo "token=$E2E_TOKEN."'
  const options = { input: "from stdin\n", env: { HERE: "from-here", HIDDEN: "not-sent" } }
  const args = ["send", "-q", "--no-folder", "-e", "GREETING=hello", "-e", "HERE", "--secret", "E2E_TOKEN", "--stdin"]
  const { stdout, exitCode, stderr } = await pool().windfall([...args, "--", "sh", "-c", script], options)
  assert.equal(exitCode, 0, stderr)
  assert.equal(stdout, "hello from-here from stdin\n17\ntoken=****************.\n")
  const rows = readFileSync(join(pool().data, "windfall.db"))
  assert.equal(rows.includes("s3cret-value-123"), false)
})

test("the files a job makes or changes come home, also when it fails; one changed here meanwhile is kept", async () => {
  using project = new ScratchFolder()
  project.write({ "a.txt": "a\n", "b.txt": "b\n", "folder/c.txt": "c\n" })
  const script =
    "mkdir out; echo made >out/new.txt; echo changed >a.txt; echo theirs >b.txt; echo ready; sleep 1; exit 3"
  await using child = pool().start(["send", "--", "sh", "-c", script], { cwd: project.path })
  await child.says("ready")
  project.write({ "b.txt": "changed here meanwhile\n" })
  const { exitCode, stderr } = await child.ended
  assert.equal(exitCode, 3, stderr)
  const read = (name: string) => readFileSync(project.at(name), "utf8")
  assert.equal(read("out/new.txt"), "made\n")
  assert.equal(read("a.txt"), "changed\n")
  assert.equal(read("b.txt"), "changed here meanwhile\n")
  const [, id = ""] = /job (\d+)/.exec(stderr) ?? []
  assert.equal(read(`b.txt.${id}`), "theirs\n")
  assert.match(stderr, /3 files/)
})

test("--output brings home only what it names", async () => {
  using project = new ScratchFolder()
  const script = "mkdir results; echo 1 >results/one.txt; echo 2 >other.txt"
  const { exitCode } = await pool().windfall(["send", "-q", "--output", "results/**", "--", "sh", "-c", script], {
    cwd: project.path,
  })
  assert.equal(exitCode, 0)
  assert.equal(readFileSync(project.at("results/one.txt"), "utf8"), "1\n")
  assert.throws(() => readFileSync(project.at("other.txt")))
})

test("--pty runs the command under a terminal", async () => {
  const { stdout, exitCode } = await pool().windfall([
    "send",
    "-q",
    "--no-folder",
    "--pty",
    "--",
    "sh",
    "-c",
    "test -t 1 && echo terminal",
  ])
  assert.equal(exitCode, 0)
  assert.equal(stdout.trim(), "terminal")
})

function newest(json: string): { id: number } {
  const jobs = json
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: number })
  return jobs.reduce((a, b) => (a.id > b.id ? a : b))
}
