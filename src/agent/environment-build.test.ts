import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { test } from "node:test"
import type { AgentClient } from "../../test/support/agent-client.ts"
import { AgentHome, eventually, fileText, isThere } from "../../test/support/agent-home.ts"
import { stop } from "../../test/support/agent-orders.ts"
import { noPythonIndex, placeUv, UV_PATH } from "../../test/support/python-index.ts"
import type { EnvironmentSpec } from "../protocol/environment.ts"
import { hashBytes } from "../workspace/hash.ts"
import { encodePack } from "../workspace/pack.ts"
import { bytesBlob } from "../workspace/sources.ts"
import { encodeTree } from "../workspace/tree.ts"

const skip = await noPythonIndex()

function packages(more: Partial<EnvironmentSpec> = {}): { environment: EnvironmentSpec } {
  return { environment: { kind: "packages", files: [], python: null, with: [], setup: [], ...more } }
}

/** A setup line that tells that the build has come there, and goes on when the file `go` is there. */
function gate(home: AgentHome): string {
  return `echo $$ >> ${home.at("building")}; until [ -e ${home.at("go")} ]; do sleep 0.02; done`
}

async function inBuild(home: AgentHome): Promise<number> {
  await eventually(() => fileText(home.at("building")).endsWith("\n"), "the build has come to its setup line")
  return Number(fileText(home.at("building")).trim().split("\n").at(-1))
}

function readyOnes(home: AgentHome): string[] {
  const folder = join(home.base, "environments")
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, "ready")))
}

async function startWithUv(home: AgentHome): Promise<AgentClient> {
  await placeUv(home.root)
  // As the account of a host would have them.
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => /^SSL_CERT_|_proxy$/i.test(entry[0])),
  )
  return home.start({ env })
}

test("ten jobs at once build one environment; all of them run in it", { skip }, async () => {
  await using home = new AgentHome()
  const agent = await startWithUv(home)
  const spec = packages({ with: ["iniconfig==2.0.0"], setup: [gate(home)] })
  const numbers = Array.from({ length: 10 }, (_, i) => i + 1)
  for (const number of numbers) {
    agent.startAttempt(number, ["python", "-c", "import iniconfig, sys; print(sys.prefix)"], spec)
  }
  await inBuild(home)
  const waiting = () =>
    numbers.filter((n) => /builds the same environment: waiting for it/.test(agent.text(n, "stderr")))
  await agent.until(() => waiting().length === 9, "nine of them wait for the tenth")
  writeFileSync(home.at("go"), "")
  const prefixes = new Set<string>()
  for (const number of numbers) {
    const { exit } = (await agent.ended(number)).exited
    assert.deepEqual([exit.cause, exit.exitCode], ["exited", 0], agent.text(number, "stderr"))
    prefixes.add(agent.text(number))
  }
  assert.equal(prefixes.size, 1)
  assert.equal(fileText(home.at("building")).trim().split("\n").length, 1)
  assert.match(agent.text(waiting()[0] ?? 0, "stderr"), /^windfall: job \d+ builds/)
})

test("a build that is killed is never used: the next job clears it away and builds anew", { skip }, async () => {
  await using home = new AgentHome()
  const agent = await startWithUv(home)
  const spec = packages({ with: ["iniconfig==2.0.0"], setup: [gate(home)] })
  agent.startAttempt(1, ["python", "-c", "print(1)"], spec)
  const line = await inBuild(home)
  const builder = Number(/^child (\d+)/m.exec(readFileSync(home.attempt(1, "record"), "utf8"))?.[1])
  process.kill(builder, "SIGKILL")
  const { exited } = await agent.ended(1)
  assert.equal(exited.exit.cause, "environment_failed")
  assert.match(exited.exit.message ?? "", /build of its environment was ended by something else/)
  assert.equal(isThere(line), false)
  assert.deepEqual(readyOnes(home), [])
  const [key = ""] = readdirSync(join(home.base, "environments")).filter((name) => !name.includes("."))
  writeFileSync(join(home.base, "environments", key, "half-built"), "")
  writeFileSync(home.at("go"), "")
  agent.startAttempt(2, ["python", "-c", "import iniconfig"], spec)
  const { exit } = (await agent.ended(2)).exited
  assert.deepEqual([exit.cause, exit.exitCode], ["exited", 0], agent.text(2, "stderr"))
  assert.deepEqual(readyOnes(home), [key])
  assert.equal(existsSync(join(home.base, "environments", key, "half-built")), false)
})

test("an agent that is killed in mid build is missed by nobody: the next one adopts the job", { skip }, async () => {
  await using home = new AgentHome()
  const first = await startWithUv(home)
  first.startAttempt(1, ["python", "-c", "print('in it')"], packages({ setup: [gate(home)] }))
  await inBuild(home)
  await first.kill()
  const next = await home.start()
  next.adoptAll()
  writeFileSync(home.at("go"), "")
  const { exit } = (await next.ended(1)).exited
  assert.deepEqual([exit.cause, exit.exitCode], ["exited", 0], next.text(1, "stderr"))
  assert.equal(next.text(1), "in it\n")
  assert.equal(readyOnes(home).length, 1)
})

test("a stop in mid build ends it as it ends a job", { skip }, async () => {
  await using home = new AgentHome()
  const agent = await startWithUv(home)
  const order = agent.startAttempt(1, ["python", "-c", "print(1)"], packages({ setup: [gate(home)] }))
  const line = await inBuild(home)
  agent.send(stop(order, 2_000))
  const { exited } = await agent.ended(1)
  assert.equal(exited.exit.cause, "cancelled")
  assert.equal(isThere(line), false)
  assert.deepEqual(readyOnes(home), [])
})

test("a package that is not there, one that does not build, a Python nobody has, a setup line that fails: each is named", {
  skip,
}, async () => {
  await using home = new AgentHome()
  const agent = await startWithUv(home)
  const bad: [Partial<EnvironmentSpec>, RegExp][] = [
    [{ with: ["windfall-no-such-package"] }, /there is no package windfall-no-such-package in the registry/],
    [{ with: ["iniconfig==99"] }, /no versions fit together: .*iniconfig==99/],
    [{ with: ["sklearn==0.0.post12"] }, /the package sklearn==0\.0\.post12 does not build/],
    [{ python: "3.99" }, /no Python 3\.99: .*--python/],
    [{ setup: ["exit 7"] }, /the setup line `exit 7` ended with 7/],
  ]
  for (const [i, [spec, said]] of bad.entries()) {
    agent.startAttempt(i + 1, ["python", "-c", "print('never')"], packages(spec))
    const { exit } = (await agent.ended(i + 1)).exited
    assert.deepEqual([exit.cause, exit.exitCode, exit.signal], ["environment_failed", null, null], exit.message ?? "")
    assert.match(exit.message ?? "", said)
    assert.equal(agent.text(i + 1), "")
  }
  assert.deepEqual(readyOnes(home), [])
})

test("a Python that is not on the host and cannot be downloaded is not said to be nowhere", { skip }, async () => {
  await using home = new AgentHome()
  const agent = await startWithUv(home)
  const env = { UV_PYTHON_INSTALL_MIRROR: "http://127.0.0.1:9" }
  agent.startAttempt(1, ["python", "-c", "print('never')"], { ...packages({ python: "3.8" }), env })
  const { exit } = (await agent.ended(1)).exited
  assert.equal(exit.cause, "environment_failed")
  assert.match(exit.message ?? "", /no Python 3\.8: the host has none, and none can be downloaded from there/)
})

test("what the job prints, and how it ends, is its own: a build in front of it leaves no trace", { skip }, async () => {
  await using home = new AgentHome()
  const agent = await startWithUv(home)
  agent.startAttempt(1, ["sh", "-c", "echo out; env | grep -c WINDFALL_BUILD_; ls -A; exit 3"], packages())
  const { exited, outputs } = await agent.ended(1)
  assert.deepEqual([exited.exit.cause, exited.exit.exitCode], ["exited", 3])
  assert.equal(agent.text(1), "out\n0\n")
  assert.deepEqual([outputs.tree, outputs.files], [null, 0])
})

test("under a terminal an environment is built and used in the same way", { skip }, async () => {
  await using home = new AgentHome()
  const agent = await startWithUv(home)
  const pty = { columns: 200, rows: 24, term: "xterm-256color" }
  const show =
    "import os, sys; print(sys.prefix == os.environ['VIRTUAL_ENV'], sys.stdout.isatty(), os.environ['UV_CACHE_DIR'])"
  for (const number of [1, 2]) {
    agent.startAttempt(number, ["python", "-c", show], { ...packages(), pty })
    const { exit } = (await agent.ended(number)).exited
    assert.deepEqual([exit.cause, exit.exitCode], ["exited", 0], agent.text(number))
    assert.match(agent.text(number), /True True \/.*\/shared\/uv\r\n/)
  }
  assert.match(agent.text(1), /building the Python environment/)
  assert.doesNotMatch(agent.text(2), /building/)
})

test("what a job has done to its environment is no other job's: the next one gets it built anew", {
  skip,
}, async () => {
  await using home = new AgentHome()
  const agent = await startWithUv(home)
  const spec = packages({ with: ["iniconfig==2.0.0"] })
  const spoil = "cd $VIRTUAL_ENV && chmod -R u+w . && rm -rf lib/python3*/site-packages/iniconfig"
  agent.startAttempt(1, ["sh", "-c", spoil], spec)
  assert.equal((await agent.ended(1)).exited.exit.exitCode, 0, agent.text(1, "stderr"))
  for (const number of [2, 3]) {
    agent.startAttempt(number, ["python", "-c", "import iniconfig"], spec)
    assert.equal((await agent.ended(number)).exited.exit.exitCode, 0, agent.text(number, "stderr"))
  }
  assert.match(agent.text(2, "stderr"), /the environment is ready/)
  assert.equal(agent.text(3, "stderr"), "")
})

test("a link to a device or a pipe in the place of a file that decides holds up nobody", async () => {
  await using home = new AgentHome()
  const uv = join(home.root, UV_PATH)
  mkdirSync(dirname(uv), { recursive: true })
  writeFileSync(uv, "", { mode: 0o755 })
  const agent = await home.start()
  execFileSync("mkfifo", [home.at("pipe")])
  for (const [i, target] of ["/dev/zero", home.at("pipe"), "/nowhere"].entries()) {
    const tree = encodeTree([{ kind: "link", name: "requirements.txt", target }])
    const workspace = hashBytes(tree)
    await agent.putBlobs(encodePack([bytesBlob(workspace, tree)]))
    const environment = { ...packages().environment, kind: "requirements.txt", files: ["requirements.txt"] } as const
    agent.startAttempt(i + 1, ["python"], { workspace, environment })
    const refused = await agent.next("refused", i + 1)
    assert.equal(refused.cause, "environment_failed")
    assert.match(refused.message, /requirements\.txt did not travel, or is no file/)
  }
})

test("uv that cannot be had ends the attempt in words, and nothing waits", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const { attempt, sequence } = agent.startAttempt(1, ["python"], packages())
  await agent.next("need_uv", 1)
  agent.send({ type: "unsupplied", attempt, sequence, message: "Cannot fetch uv: no way out. Set UV_DEFAULT_INDEX" })
  const refused = await agent.next("refused", 1)
  assert.equal(refused.cause, "environment_failed")
  assert.match(refused.message, /Cannot fetch uv: no way out\. Set UV_DEFAULT_INDEX/)
})

test("a python that nobody asked for and the host does not have: the line says what to type", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["python3"], { env: { PATH: "/nowhere" } })
  assert.equal((await agent.ended(1)).exited.exit.exitCode, 127)
  assert.match(agent.text(1, "stderr"), /python3: command not found.*\n.*--python 3\.12/)
})
