import assert from "node:assert/strict"
import { createHash, randomBytes } from "node:crypto"
import { type Dirent, existsSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { AgentHome, eventually } from "../../test/support/agent-home.ts"
import { hashBytes } from "../workspace/hash.ts"
import { encodePack } from "../workspace/pack.ts"
import { bytesBlob } from "../workspace/sources.ts"

const MIB = 1024 * 1024

test("output is binary-safe and both streams are whole", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["perl", home.job("half-utf8.pl")])
  await agent.ended(1)
  const bytes = Buffer.concat(agent.received.get("1 stdout") ?? [])
  assert.deepEqual(bytes, Buffer.concat([Buffer.from("€\n"), Buffer.from(Array.from({ length: 256 }, (_, i) => i))]))
})

test("64 MiB of flood arrive each byte once", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["perl", home.job("flood.pl"), String(64 * MIB)], { outputHeadBytes: 128 * MIB })
  const { exited } = await agent.ended(1)
  assert.equal(exited.stdoutBytes, 64 * MIB)
  assert.equal(agent.offset(1, "stdout"), 64 * MIB)
  assert.deepEqual(agent.gaps, [])
  const hash = createHash("sha256")
  for (const piece of agent.received.get("1 stdout") ?? []) hash.update(piece)
  const expected = createHash("sha256")
  for (let line = 0; line < MIB; line += 4096) {
    expected.update(Array.from({ length: 4096 }, (_, i) => `${String(line + i).padStart(63, "0")}\n`).join(""))
  }
  assert.equal(hash.digest("hex"), expected.digest("hex"))
})

test("past the head only the tail matters: the gap is told by offsets, and the disk gets its space back", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const size = 96 * MIB
  agent.startAttempt(1, ["sh", "-c", `perl ${home.job("flood.pl")} ${size}; echo done >&2; sleep 60`], {
    outputHeadBytes: 8 * MIB,
    outputTailBytes: 8 * MIB,
  })
  // A server that does not read for a while.
  await agent.next("started", 1)
  agent.pause()
  await eventually(() => statSync(home.attempt(1, "stdout")).size === size, "the flood")
  agent.resume()
  await agent.until(() => agent.offset(1, "stdout") === size && agent.offset(1, "stderr") === 5, "the end of it")
  assert.ok(agent.gaps.length >= 1)
  assert.ok(agent.gaps[0]!.from >= 8 * MIB)
  const tail = Buffer.concat(agent.received.get("1 stdout") ?? [])
    .subarray(-8 * MIB)
    .toString()
  assert.ok(tail.endsWith(`${String(size / 64 - 1).padStart(63, "0")}\n`))
  agent.send({ type: "received", sequence: 1, stdout: size, stderr: 5 })
  await eventually(() => statSync(home.attempt(1, "stdout")).blocks * 512 < 20 * MIB, "holes in the file")
  assert.equal(statSync(home.attempt(1, "stdout")).size, size)
})

test("a server that comes back gets each byte once, from where it was, over many links", async () => {
  await using home = new AgentHome()
  let agent = await home.start()
  agent.startAttempt(1, [
    "sh",
    "-c",
    `for i in 1 2 3 4 5 6 7 8; do perl ${home.job("flood.pl")} 65536; sleep 0.1; done`,
  ])
  let whole = ""
  for (let link = 0; link < 4; link++) {
    const had = whole.length
    await agent.until(() => agent.text(1).length > 20_000, "some more")
    agent.cut()
    whole += agent.text(1)
    assert.ok(whole.length > had)
    agent = await home.start()
    const from = Buffer.byteLength(whole)
    agent.adoptAll(false, (_, stream) => (stream === "stdout" ? from : 0))
  }
  await agent.ended(1)
  whole += agent.text(1)
  const once = Array.from({ length: 1024 }, (_, i) => `${String(i).padStart(63, "0")}\n`).join("")
  assert.equal(whole, once.repeat(8))
})

test("secrets are masked wherever writes cut them, in both streams, also by an agent that did not start the job", async () => {
  await using home = new AgentHome()
  const secret = "correct-horse-battery"
  const first = await home.start()
  first.startAttempt(1, ["sh", "-c", `perl ${home.job("split-secret.pl")} 0.02; echo "$TOKEN" >&2`], {
    secrets: { TOKEN: secret },
  })
  await first.until(() => first.offset(1, "stdout") > 60, "some output")
  await first.kill()
  const had = first.text(1)
  const second = await home.start()
  second.adoptAll(false, (_, stream) => (stream === "stdout" ? Buffer.byteLength(had) : 0))
  await second.ended(1)
  const line = `a${"*".repeat(secret.length)}z\n`
  assert.equal(had + second.text(1), line.repeat(secret.length - 1))
  assert.equal(second.text(1, "stderr"), `${"*".repeat(secret.length)}\n`)
  const { attempt } = await second.next("exited", 1)
  assert.ok(existsSync(home.attempt(1, "secrets")))
  second.send({ type: "forget", attempt, sequence: 1 })
  await second.next("forgotten", 1)
  const left = home.processes().length
  assert.ok(left > 0)
  assert.equal(findSecrets(home.root), 0)
})

test("what could be the beginning of a secret is shown at the end of the output", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["printf", "now correct-ho"], { secrets: { TOKEN: "correct-horse-battery" } })
  await agent.ended(1)
  assert.equal(agent.text(1), "now correct-ho")
})

test("a job reads what it was given as standard input", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const input = randomBytes(100_000)
  const hash = hashBytes(input)
  agent.startAttempt(1, ["sha256sum"], { stdin: hash })
  assert.deepEqual((await agent.next("need", 1)).hashes, [hash])
  const { attempt } = await agent.next("need", 1)
  assert.deepEqual(await agent.putBlobs(encodePack([bytesBlob(hash, input)])), { stored: 1 })
  agent.send({ type: "supplied", attempt, sequence: 1 })
  await agent.ended(1)
  assert.equal(agent.text(1), `${hash}  -\n`)
})

/** How many files of secrets lie below `folder`. A forgotten attempt's folder is removed meanwhile: what is gone holds none. */
function findSecrets(folder: string): number {
  let found = 0
  for (const entry of entriesOf(folder)) {
    if (entry.isDirectory()) found += findSecrets(join(folder, entry.name))
    else if (entry.name === "secrets") found += 1
  }
  return found
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
    throw error
  }
}
