import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { beforeEach, type TestContext, test } from "node:test"
import { Child } from "../support/child.ts"
import { giveSsh } from "../support/host-ssh.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })
const SERVE = `require("node:net").createServer((socket) => socket.end("from the job")).listen(7200, "127.0.0.1")`
let hasSftp = false
let id = 0

let prepared: Promise<void> | undefined
beforeEach(() => (prepared ??= prepare()))

async function prepare(): Promise<void> {
  const [host] = pool().hosts
  if (host !== undefined) hasSftp = await giveSsh(host)
  const command = ["sh", "-c", `echo made > made.txt; exec "$WINDFALL_NODE" -e '${SERVE}; setInterval(() => {}, 1e6)'`]
  id = (await pool().submit({ command, env: { ODD: "a b\nc'd" }, name: "lab" })).id
  await pool().untilState(id, "running")
  assert.equal((await pool().windfall(["ssh-config", "lab", "--install"])).exitCode, 0)
}

const home = () => pool().scratch.at("home")
const configFile = () => join(home(), ".ssh/config")

/** Runs one of OpenSSH's programs as this person, whose home the test made. */
function run(program: string, args: readonly string[]): Child {
  return new Child(program, args, { env: { HOME: home(), WINDFALL_URL: pool().url, WINDFALL_TOKEN: pool().token } })
}

const ssh = (...words: string[]) => run("ssh", ["-F", configFile(), "-o", "BatchMode=yes", ...words])

function isHere(context: TestContext, program: string): boolean {
  if (spawnSync(program, ["--version"]).error === undefined) return true
  context.skip(`there is no ${program} on this machine`)
  return false
}

test("ssh runs commands in the job's folder with its environment; exit codes and both outputs are the command's", async () => {
  await using child = ssh(`windfall-${id}`, 'cat made.txt; echo "$ODD"; echo $WINDFALL_JOB; echo bad >&2; exit 7')
  const { exitCode, stdout, stderr } = await child.ended
  assert.equal(stdout, `made\na b\nc'd\n${id}\n`)
  assert.equal(stderr, "bad\n")
  assert.equal(exitCode, 7)
})

test("ssh with a terminal", async () => {
  await using child = ssh("-tt", `windfall-${id}`, "tty; echo $TERM; stty size")
  const { stdout } = await child.ended
  assert.match(stdout, /^\/dev\/pts\/\d+\r\n\S*\r\n\d+ \d+\r\n$/)
})

test("ssh -L leads to what the job listens on", async () => {
  const local = pool().scratch.at("forwarded")
  await using child = ssh("-L", `${local}:127.0.0.1:7200`, `windfall-${id}`, "echo up; sleep 60")
  await child.says("up")
  assert.equal(await text(connect(local)), "from the job")
  child.process.kill("SIGTERM")
})

test("sftp and scp bring files both ways", async (context) => {
  if (!hasSftp) return context.skip("no sftp-server could be had for the host")
  if (!isHere(context, "sftp")) return
  mkdirSync(join(home(), "there"), { recursive: true })
  writeFileSync(join(home(), "batch"), `get made.txt ${home()}/there/\nput ${home()}/batch sent.txt\n`)
  await using child = run("sftp", ["-F", configFile(), "-b", join(home(), "batch"), `windfall-${id}`])
  const { exitCode, stderr } = await child.ended
  assert.equal(exitCode, 0, stderr)
  assert.equal(readFileSync(join(home(), "there/made.txt"), "utf8"), "made\n")
  await using copy = run("scp", ["-F", configFile(), `windfall-${id}:sent.txt`, join(home(), "there/")])
  assert.equal((await copy.ended).exitCode, 0)
  assert.ok(existsSync(join(home(), "there/sent.txt")))
})

test("rsync brings a folder there", async (context) => {
  if (!isHere(context, "rsync")) return
  const big = Buffer.alloc(8_000_000, "windfall ")
  mkdirSync(join(home(), "data"), { recursive: true })
  writeFileSync(join(home(), "data/big"), big)
  await using child = run("rsync", ["-a", "-e", `ssh -F ${configFile()}`, `${home()}/data`, `windfall-${id}:`])
  const { exitCode, stderr } = await child.ended
  assert.equal(exitCode, 0, stderr)
  await using check = ssh(`windfall-${id}`, "wc -c < data/big")
  assert.equal((await check.ended).stdout.trim(), String(big.length))
})

test("another host key, another server and another person are refused", async () => {
  const block = (await pool().windfall(["ssh-config", "lab"])).stdout
  const pinned = readFileSync(join(home(), `.config/windfall/ssh/known_hosts.${id}`), "utf8")
  assert.match(pinned, new RegExp(`^windfall-${id} ssh-ed25519 `))
  assert.match(block, /HostKeyAlgorithms ssh-ed25519\n {2}StrictHostKeyChecking yes/)
  const proxy = (token: string, server: string) =>
    pool().windfall(["ssh-proxy", "--server", server, String(id)], { token })
  const elsewhere = await proxy(pool().token, "http://127.0.0.1:9")
  assert.equal(elsewhere.exitCode, 2)
  assert.match(elsewhere.stderr, /Cannot open ssh to job \d+: job \d+ is known to http:\/\/127.0.0.1:9/)
  const token = await pool().addUser("mallory")
  const lines = await pool().windfall(["ssh-config", String(id)], { token })
  assert.equal(lines.exitCode, 2)
  assert.equal(lines.stdout, "")
  assert.match(lines.stderr, /^Cannot make ssh lines for job \d+ \(lab\): it belongs to admin\n/)
  const stranger = await proxy(token, pool().url)
  assert.equal(stranger.exitCode, 2)
  assert.match(stranger.stderr, /Cannot open ssh to job \d+: it belongs to admin/)
  const odd = await pool().request("GET", `/v1/jobs/${id}/ssh?key=ssh-rsa%20AAAA`)
  assert.notEqual(odd.status, 101)
})

test("what was started through ssh ends with the job, and the connection too", async () => {
  const { id: other } = await pool().submit({ command: ["sleep", "600"] })
  await pool().untilState(other, "running")
  await pool().windfall(["ssh-config", String(other), "--install"])
  await using stays = ssh(`windfall-${other}`, "nohup setsid sleep 54321 >/dev/null 2>&1 & echo started; sleep 12345")
  await stays.says("started")
  const sleeps = () => (pool().hosts[0]?.processes() ?? []).filter(({ command }) => /sleep (54321|12345)/.test(command))
  assert.notEqual(sleeps().length, 0)
  await pool().windfall(["stop", String(other)])
  assert.notEqual((await stays.ended).exitCode, 0)
  await pool().awaitJob(other)
  assert.deepEqual(sleeps(), [])
  const sshds = (pool().hosts[0]?.everything() ?? []).filter(({ command }) => /sshd.*-i/.test(command))
  assert.deepEqual(sshds, [])
  const after = await pool().windfall(["ssh-config", String(other)])
  assert.equal(after.exitCode, 2)
  assert.match(after.stderr, /Cannot make ssh lines for job \d+: it was stopped/)
})

test("--install twice is once, keeps what is there and its modes; --remove leaves nothing", async () => {
  await pool().windfall(["ssh-config", "--remove"])
  assert.equal(existsSync(join(home(), ".ssh")), false, "where there was none is none")
  assert.deepEqual(readdirSync(join(home(), ".config/windfall/ssh")).sort(), ["id_ed25519", "id_ed25519.pub"])
  mkdirSync(join(home(), ".ssh"), { mode: 0o700 })
  mkdirSync(configFile())
  await pool().windfall(["ssh-config", "lab"])
  const folder = await pool().windfall(["ssh-config", "lab", "--install"])
  assert.match(folder.stderr, /^Cannot read \S+\.ssh\/config: it is a folder\n {2}\S/)
  assert.equal(existsSync(join(home(), ".config/windfall/ssh/config")), false)
  rmdirSync(configFile())
  writeFileSync(configFile(), "\n\nHost lab\n  User me", { mode: 0o640 })
  const mode = statSync(configFile()).mode
  for (let i = 0; i < 2; i++) await pool().windfall(["ssh-config", "lab", "--install"])
  const installed = readFileSync(configFile(), "utf8")
  assert.match(installed, /^Include "[^"\n]*\/windfall\/ssh\/config"\n\n\n\nHost lab\n {2}User me$/)
  const blocks = readFileSync(join(home(), ".config/windfall/ssh/config"), "utf8")
  assert.equal(blocks.match(/^Host /gm)?.length, 1)
  assert.equal(statSync(configFile()).mode, mode)
  const removed = await pool().windfall(["ssh-config", String(id), "--remove", "--json"])
  assert.deepEqual(JSON.parse(removed.stdout), { removed: true, job: id })
  assert.equal(readFileSync(configFile(), "utf8"), "\n\nHost lab\n  User me")
  assert.equal(existsSync(join(home(), ".config/windfall/ssh/config")), false)
  const both = await pool().windfall(["ssh-config", "lab", "--install", "--remove"])
  assert.equal(both.exitCode, 2)
  const none = await pool().windfall(["ssh-config"])
  assert.match(none.stderr, /Cannot make ssh lines without a job/)
})

test("a host without sshd says so", async () => {
  const [host] = pool().hosts
  if (existsSync("/usr/sbin/sshd") || host === undefined) return
  await host.write(".windfall/sshd", "#!/bin/sh\necho 'sshd: no hostkeys available -- exiting.' >&2; exit 1\n")
  await pool().windfall(["ssh-config", "lab", "--install"])
  await using child = ssh(`windfall-${id}`, "true")
  const { exitCode, stderr } = await child.ended
  assert.equal(exitCode, 255)
  assert.match(stderr, /Cannot open ssh to the job: the host's sshd says: sshd: no hostkeys available/)
  assert.match(stderr, /put an sshd at ~\/\.windfall\/sshd\. Without one: windfall shell JOB/)
})
