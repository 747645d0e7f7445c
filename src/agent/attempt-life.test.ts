import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { test } from "node:test"
import { AgentHome, eventually } from "../../test/support/agent-home.ts"

test("a job runs in its own folder, and what it says and how it ends comes back", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sh", "-c", "echo out; echo err >&2; cat; pwd; exit 3"])
  const { exited, outputs } = await agent.ended(1)
  const started = await agent.next("started", 1)
  assert.equal(exited.exit.cause, "exited")
  assert.equal(exited.exit.exitCode, 3)
  assert.equal(exited.exit.signal, null)
  assert.equal(exited.exit.startedAt, started.at)
  assert.ok(exited.exit.endedAt >= started.at)
  assert.ok((exited.exit.peakMemoryBytes ?? 0) > 100_000)
  assert.deepEqual(agent.leftovers.strays, [])
  assert.equal(outputs.tree, null)
  assert.equal(agent.text(1), `out\n${home.attempt(1, "work")}\n`)
  assert.equal(agent.text(1, "stderr"), "err\n")
})

test("a signal that ends the command is told as such", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sh", "-c", "kill -SEGV $$"])
  const { exit } = (await agent.ended(1)).exited
  assert.deepEqual([exit.cause, exit.exitCode, exit.signal], ["signalled", null, 11])
})

test("a command that is not there ends with 127, one that cannot be run with 126, both in words", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["no-such-program", "x"])
  agent.startAttempt(2, ["./missing.sh"])
  agent.startAttempt(3, [home.job("flood.pl")])
  assert.equal((await agent.ended(1)).exited.exit.exitCode, 127)
  assert.match(agent.text(1, "stderr"), /^windfall: no-such-program: command not found on this host \(PATH=.*\)\n$/)
  assert.equal((await agent.ended(2)).exited.exit.exitCode, 127)
  assert.match(agent.text(2, "stderr"), /no such file in the workspace or on this host/)
  assert.equal((await agent.ended(3)).exited.exit.exitCode, 126)
  assert.match(agent.text(3, "stderr"), /Permission denied \(not executable: chmod \+x\)/)
})

test("arguments and variables arrive byte for byte", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const words = ["", " ", "a\nb", "é漢", '"$x"', "--", "\\"]
  agent.startAttempt(1, ["perl", "-e", 'print map { "<$_>" } @ARGV, $ENV{ODD}', ...words], { env: { ODD: "=a=\n'" } })
  await agent.ended(1)
  assert.equal(agent.text(1), [...words, "=a=\n'"].map((word) => `<${word}>`).join(""))
})

test("a job inherits nothing but what is promised", async () => {
  await using home = new AgentHome()
  const agent = await home.start({ env: { LEAK: "1", SSL_CERT_FILE: "/etc/certificates.pem" } })
  agent.startAttempt(
    1,
    ["sh", "-c", "env | cut -d= -f1 | sort | tr '\\n' ' '; umask; ls -l /proc/self/fd | grep -c -- '->'"],
    {
      env: { MINE: "2" },
    },
  )
  await agent.ended(1)
  const [printed = "", descriptors] = agent.text(1).split("\n")
  // There only where the machine has a list of authorities.
  const names = printed.replace("UV_SYSTEM_CERTS ", "")
  const expected = [
    "HF_HUB_CACHE HOME LANG LOGNAME MINE PATH PWD PYTHONUNBUFFERED SHELL SSL_CERT_FILE TMPDIR TZ USER UV_CACHE_DIR UV_PYTHON_INSTALL_DIR WINDFALL_ATTEMPT",
    "WINDFALL_ATTEMPT_NUMBER WINDFALL_CHECKPOINT WINDFALL_CORES WINDFALL_GPUS WINDFALL_HOST WINDFALL_JOB WINDFALL_JOB_NAME",
    "WINDFALL_MEMORY_BYTES WINDFALL_NODE WINDFALL_STOP_FILE WINDFALL_USER 0077",
  ].join(" ")
  assert.equal(names, expected)
  // 0, 1, 2 and the one with which ls reads the folder.
  assert.equal(descriptors, "4")
})

test("an environment of more than 256 KB is refused, and nothing is left behind", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["true"], { env: { BIG: "x".repeat(300_000) } })
  const refused = await agent.next("refused", 1)
  assert.equal(refused.cause, "start_failed")
  assert.match(refused.message, /256 KB/)
  assert.deepEqual(readdirSync(`${home.base}/attempts`), [])
})

test("an attempt's folder and files are open to the account alone", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sh", "-c", "echo x > made"], { secrets: { TOKEN: "secret-value" } })
  await agent.ended(1)
  for (const name of ["", "work", "tmp", "secrets", "order.json", "stdout", "work/made"]) {
    assert.equal(statSync(home.attempt(1, name)).mode & 0o077, 0, name)
  }
  assert.doesNotMatch(readFileSync(home.attempt(1, "order.json"), "utf8"), /secret-value/)
})

test("a repeated order is answered with what already is", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const order = agent.startAttempt(1, [home.job("ledger.sh"), home.at("ledger")])
  agent.send({ type: "start", order, secrets: {} })
  await agent.ended(1)
  agent.send({ type: "start", order, secrets: {} })
  await agent.until(() => agent.messages.filter((message) => message.type === "exited").length >= 2, "a second exited")
  assert.equal(readFileSync(home.at("ledger"), "utf8").match(/begin/g)?.length, 1)
})

test("what is forgotten is gone from the disk and cannot be started again, also after a restart", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const order = agent.startAttempt(2, ["true"], { secrets: { TOKEN: "secret-value" } })
  await agent.ended(2)
  agent.send({ type: "forget", attempt: order.attempt, sequence: 2 })
  await agent.next("forgotten", 2)
  assert.equal(existsSync(home.attempt(2, "secrets")), false)
  await eventually(() => readdirSync(`${home.base}/attempts`).length === 0, "its folder goes")
  agent.send({ type: "start", order, secrets: {} })
  assert.equal((await agent.next("refused", 2)).cause, "gone")
  await agent.kill()
  const next = await home.start()
  assert.equal(next.hello.highWater, 2)
  next.send({ type: "start", order, secrets: {} })
  assert.equal((await next.next("refused", 2)).cause, "gone")
  next.startAttempt(1, ["true"])
  assert.equal((await next.next("refused", 1)).cause, "gone")
})

test("an agent killed before a forgotten folder is off the disk: the next one does not tell of it and removes it", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  const { attempt } = first.startAttempt(1, ["true"])
  await first.ended(1)
  first.send({ type: "forget", attempt, sequence: 1 })
  await first.next("forgotten", 1)
  await first.kill()
  assert.deepEqual(readdirSync(`${home.base}/attempts`), ["1"])
  const second = await home.start()
  assert.deepEqual([second.hello.attempts, second.hello.highWater], [[], 1])
  await eventually(() => readdirSync(`${home.base}/attempts`).length === 0, "its folder goes")
})

test("a running attempt is not forgotten", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const order = agent.startAttempt(1, ["sleep", "60"])
  await agent.next("started", 1)
  agent.send({ type: "forget", attempt: order.attempt, sequence: 1 })
  assert.match((await agent.next("notice")).message, /has not ended/)
  assert.ok(statSync(home.attempt(1)).isDirectory())
})

test("a message that makes no sense is refused in words and the link goes on", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.send({ type: "start", order: { command: 7 }, secrets: {} } as never)
  assert.match((await agent.next("notice")).message, /not valid/)
  agent.send({ type: "from-the-future" } as never)
  agent.startAttempt(1, ["true"])
  await agent.ended(1)
})

test("garbage on the control stream ends the link, and an idle agent with it", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.sendRaw(Buffer.from("garbage that is no frame at all"))
  await agent.gone()
})

test("an agent with nothing to do ends with its link", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["true"])
  await agent.ended(1)
  agent.cut()
  await agent.gone()
  await eventually(() => home.processes().length === 0, "the forker ends too")
})
