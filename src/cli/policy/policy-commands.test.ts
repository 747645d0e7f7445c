import assert from "node:assert/strict"
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { assertRefused } from "../../../test/support/assert-refused.ts"
import { Child, type Ended } from "../../../test/support/child.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"

const GOOD = "# ours\naccounts: { vision: { shares: 50, users: [ann, bob] } }\n"
const BAD = "accounts: { vision: { shares: 0 } }\nqs: {}\n"
const NOWHERE = { WINDFALL_URL: "http://127.0.0.1:1", WINDFALL_TOKEN: "t" }

test("windfall policy check and policy diff of two files need no server", async () => {
  using scratch = new ScratchFolder()
  writeFileSync(scratch.at("good.yml"), GOOD)
  writeFileSync(scratch.at("bad.yml"), BAD)
  writeFileSync(scratch.at("better.yml"), GOOD.replace("50", "60"))
  const run = (words: readonly string[], input?: string) => runIn(scratch, words, NOWHERE, input)
  const good = await run(["policy", "check", "good.yml"])
  assert.deepEqual(
    [good.exitCode, good.stdout],
    [0, "good.yml is a good policy: 1 account, 2 users, 1 partition, 1 QOS\n"],
  )
  const bad = await run(["policy", "check", "-"], BAD)
  assertRefused(bad, /^Cannot read standard input: 2 problems$/m, /docs\/policy-file\.md/)
  assert.match(bad.stderr, /^ {2}standard input:1:31: accounts\.vision\.shares: 0 is no share/m)
  assert.match(bad.stderr, /^ {2}standard input:2:1: qs: unknown key "qs": did you mean qos\?$/m)
  const printed = await run(["policy", "check", "--print", "good.yml"])
  assert.equal((await run(["policy", "check", "--print", "-"], printed.stdout)).stdout, printed.stdout)
  const changed = await run(["policy", "diff", "good.yml", "better.yml"])
  assert.equal(changed.stdout, "account vision: shares 50 -> 60\n")
  assert.equal((await run(["policy", "diff", "good.yml", "good.yml"])).stdout, "nothing changes\n")
  const data = await run(["policy", "diff", "--json", "good.yml", "better.yml"])
  assert.deepEqual(JSON.parse(data.stdout).path, ["accounts", "vision", "shares"])
  assertRefused(await run(["policy", "apply", "bad.yml"]), /bad\.yml:1:31: /)
})

test("windfall policy apply, show and diff speak with the server", async () => {
  await using server = await TestServer.start()
  using scratch = new ScratchFolder()
  writeFileSync(scratch.at("policy.yml"), GOOD)
  const env = { WINDFALL_URL: server.running.url, WINDFALL_TOKEN: server.adminToken }
  const run = (...words: string[]) => runIn(scratch, ["policy", ...words], env)
  assert.equal((await run("show")).stdout, "# No policy has been applied yet.\n")
  const tried = await run("apply", "--dry-run", "policy.yml")
  assert.match(tried.stdout, /^nothing was applied; no policy holds\n/)
  // Refused is nothing for it, as users may come later.
  assert.match(tried.stderr, /accounts\.vision\.users: the pool has no user ann$/m)
  assert.deepEqual([tried.exitCode, (await run("diff", "policy.yml")).stderr], [0, tried.stderr])
  assert.match((await run("diff", "policy.yml")).stdout, /^account default is gone$/m)
  const applied = await run("apply", "policy.yml")
  assert.match(applied.stdout, /^policy 1 holds\n(.*\n)*account vision is new: /, applied.stderr)
  assert.equal((await run("show")).stdout, GOOD)
  assert.equal((await run("diff", "policy.yml")).stdout, "nothing changes\n")
  const events = await runIn(scratch, ["events"], env)
  assert.match(events.stdout, /policy 1: account default is gone/)
})

test("windfall policy apply of an empty file says what owners get by it, and show that it holds", async () => {
  await using server = await TestServer.start()
  using scratch = new ScratchFolder()
  writeFileSync(scratch.at("empty.yml"), "")
  const env = { WINDFALL_URL: server.running.url, WINDFALL_TOKEN: server.adminToken }
  const run = (...words: string[]) => runIn(scratch, ["policy", ...words], env)
  const changes = "owners.first: false -> true\nowners.preempt: false -> true\n"
  assert.equal((await run("diff", "empty.yml")).stdout, changes)
  assert.equal((await run("apply", "empty.yml")).stdout, `policy 1 holds\n${changes}`)
  const shown = await run("show")
  assert.equal(shown.stdout, "")
  assert.match(shown.stderr, /Policy 1 is an empty file: /)
  assert.equal((await run("diff", "empty.yml")).stdout, "nothing changes\n")
})

test("windfall policy snapshot writes what policy plan reads, to a new file that only its user can read", async () => {
  await using server = await TestServer.start()
  using scratch = new ScratchFolder()
  await server.hosts.join("secret-mac")
  const env = { WINDFALL_URL: server.running.url, WINDFALL_TOKEN: server.adminToken }
  const { id } = await server.submit({ host: "secret-mac", name: "secret", queue: { ...NO_QUEUE_REQUEST, hold: true } })
  const run = (...words: string[]) => runIn(scratch, ["policy", ...words], env)
  const plain = await run("snapshot")
  assert.match(plain.stdout, /secret-mac/, plain.stderr)
  const planned = await runIn(scratch, ["policy", "plan", "--json", "-"], NOWHERE, plain.stdout)
  const [job] = (JSON.parse(planned.stdout) as { jobs: { job: number; code: string }[] }).jobs
  assert.deepEqual([job?.job, job?.code], [id, "held"])
  const written = await run("snapshot", "--mask", "--out", "pool.json")
  assert.match(written.stderr, /pool\.json: names are masked/)
  assert.equal(statSync(scratch.at("pool.json")).mode & 0o777, 0o600)
  assert.doesNotMatch(readFileSync(scratch.at("pool.json"), "utf8"), /secret/)
  assert.equal((await run("plan", "pool.json")).exitCode, 0)
  assertRefused(await run("snapshot", "--out", "pool.json"), /there is a file of that name/)
})

test("windfall usage --recompute says whether the sums are those of the intervals", async () => {
  await using server = await TestServer.start()
  using scratch = new ScratchFolder()
  const env = { WINDFALL_URL: server.running.url, WINDFALL_TOKEN: server.adminToken }
  const run = (...words: string[]) => runIn(scratch, ["usage", ...words], env)
  const checked = await run("--recompute")
  assert.deepEqual(
    [checked.exitCode, /^None of 0 sums .*, differs\.$/m.test(checked.stdout)],
    [0, true],
    checked.stdout,
  )
  assertRefused(await run("--repair"), /Cannot repair without --recompute/)
  assertRefused(await run("--recompute", "--by", "host"), /Cannot recompute only a part/)
})

async function runIn(
  scratch: ScratchFolder,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  input?: string,
): Promise<Ended> {
  const main = join(import.meta.dirname, "../main.ts")
  await using child = new Child(process.execPath, [main, ...words], {
    cwd: scratch.path,
    env: { HOME: scratch.path, ...env },
    ...(input === undefined ? {} : { input }),
  })
  return await child.ended
}
