import assert from "node:assert/strict"
import { test } from "node:test"
import type { JobView } from "../../src/protocol/job.ts"
import { checkAnswer } from "../support/check-answer.ts"
import { taskSpec } from "../support/test-server.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ local: 1 })

test("users see the queue, but stop, read and fetch only their own jobs; an admin all", async () => {
  const [mia, ben] = await Promise.all([pool().addUser("mia"), pool().addUser("ben")])
  const { id } = await pool().submit({ command: ["sh", "-c", "echo private; sleep 30"] }, { token: mia })
  await pool().untilState(id, "running")
  const listed = await pool().windfall(["ps", "--user", "all"], { token: ben })
  assert.match(listed.stdout, new RegExp(`^ +${id} `, "m"))
  const as = (token: string, method: string, path: string, body?: unknown) =>
    pool()
      .request(method, path, body, { token })
      .then(({ status }) => status)
  for (const [method, path, body] of [
    ["POST", `/v1/jobs/${id}/stop`, { now: true }],
    ["GET", `/v1/jobs/${id}/logs`],
    ["GET", `/v1/jobs/${id}/outputs`],
    ["POST", `/v1/jobs/${id}/rerun`, {}],
    ["POST", "/v1/users", { name: "eve", role: "admin" }],
    ["POST", "/v1/hosts/local1/drain", {}],
    ["DELETE", "/v1/hosts/local1"],
    ["POST", "/v1/hosts/scan", { address: "a@b", port: null }],
  ] as const) {
    assert.equal(await as(ben, method, path, body), 403, `${method} ${path}`)
  }
  const stop = await pool().windfall(["stop", `${id}`], { token: ben })
  assert.equal(stop.exitCode, 2)
  assert.equal((await pool().job(id)).state, "running")
  assert.equal((await pool().windfall(["logs", `${id}`], { token: mia })).stdout, "private\n")
  assert.equal((await pool().windfall(["logs", `${id}`])).stdout, "private\n")
  assert.equal((await pool().windfall(["stop", `${id}`, "--now"], { token: mia })).exitCode, 0)
  assert.equal((await pool().awaitJob(id)).state, "cancelled")
})

test("one user's stored content does not exist for another", async () => {
  const [ann, bob] = await Promise.all([pool().addUser("ann"), pool().addUser("bob")])
  const sent = await pool().windfall(["send", "-q", "--stdin", "--no-folder", "--", "cat"], {
    token: ann,
    input: "mine\n",
  })
  assert.equal(sent.stdout, "mine\n")
  const { jobs } = await pool().api<{ jobs: JobView[] }>("GET", "/v1/jobs?user=all")
  const stdin = jobs[0]?.spec.stdin
  assert.ok(typeof stdin === "string")
  await assert.rejects(pool().submit({ stdin, command: ["cat"] }, { token: bob }), { code: "blobs_missing" })
  const { missing } = await pool().api<{ missing: string[] }>(
    "POST",
    "/v1/blobs/missing",
    { hashes: [stdin] },
    { token: bob },
  )
  assert.deepEqual(missing, [stdin])
})

test("a wrong, revoked or missing token lets nobody in", async () => {
  const token = await pool().addUser("leaver")
  assert.equal((await pool().windfall(["ps"], { token })).exitCode, 0)
  const { tokens } = await pool().api<{ tokens: { id: string; user: string }[] }>("GET", "/v1/tokens")
  const id = tokens.find(({ user }) => user === "leaver")?.id
  await pool().api("DELETE", `/v1/tokens/${id}`)
  for (const bad of [token, "nonsense", `${pool().token}x`]) {
    const { exitCode, stderr } = await pool().windfall(["ps"], { token: bad })
    assert.equal(exitCode, 2, stderr)
    assert.equal(stderr.includes(bad), false, "the token is not repeated")
  }
})

test("who follows a job under a token that is revoked is told so, and that the job goes on", async () => {
  const token = await pool().addUser("kim")
  await using sent = pool().start(["send", "--no-folder", "--name", "long", "--", "sh", "-c", "echo up; sleep 60"], {
    token,
  })
  await sent.says("up")
  await using attached = pool().start(["attach", "long"], { token })
  await using logs = pool().start(["logs", "-f", "long"], { token })
  await using events = pool().start(["events", "-f"], { token })
  await Promise.all([attached.says("up"), logs.says("up"), events.says("running")])
  const done = await pool().windfall(["send", "-q", "--no-folder", "--name", "done", "--", "true"], { token })
  assert.equal(done.exitCode, 0, done.stderr)
  await using waiting = pool().start(["wait", "--json", "done", "long"], { token })
  await waiting.says('"type":"end"')
  const { tokens } = await pool().api<{ tokens: { id: string; user: string }[] }>("GET", "/v1/tokens")
  await pool().api("DELETE", `/v1/tokens/${tokens.find(({ user }) => user === "kim")?.id}`)
  for (const child of [sent, attached, logs, events, waiting]) {
    const { exitCode, stderr } = await child.ended
    assert.equal(exitCode, 125, stderr)
    assert.match(stderr, /Cannot .* any longer: the token was revoked$/m)
  }
  assert.match((await sent.ended).stderr, /job \d+ \(long\) goes on without you watching\. Log in again/)
  const { jobs } = await pool().api<{ jobs: JobView[] }>("GET", "/v1/jobs?user=all&state=running")
  const job = jobs.find(({ user }) => user === "kim")
  assert.equal(job?.spec.name, "long")
  await pool().api("POST", `/v1/jobs/${job?.id}/stop`, { now: true })
})

test("a repeated POST under one key is answered once; another body under it is refused", async () => {
  const spec = taskSpec({ command: ["true"], name: "keyed" })
  const first = await pool().api<JobView>("POST", "/v1/jobs", { spec }, { key: "k1" })
  const again = await pool().api<JobView>("POST", "/v1/jobs", { spec }, { key: "k1" })
  assert.equal(again.id, first.id)
  await assert.rejects(pool().api("POST", "/v1/jobs", { spec: { ...spec, name: "other" } }, { key: "k1" }), {
    code: "idempotency_mismatch",
  })
  await pool().server.kill9()
  await pool().server.start()
  const after = await pool().api<JobView>("POST", "/v1/jobs", { spec }, { key: "k1" })
  assert.equal(after.id, first.id)
})

test("bad input gets exit code 2, a hint, and changes nothing", async () => {
  const before = await count()
  const name = "taken"
  const { id } = await pool().submit({ name, command: ["sleep", "30"] })
  const bad: readonly (readonly string[])[] = [
    ["send", "--no-folder"],
    ["send", "--no-folder", "--nonsense", "--", "true"],
    ["send", "--no-folder", "--time", "30", "--", "true"],
    ["send", "--no-folder", "--time", "-5m", "--", "true"],
    ["send", "--no-folder", "--memory", "many", "--", "true"],
    ["send", "--no-folder", "--name", name, "--", "true"],
    ["send", "--no-folder", "--host", "no-such-host", "--", "true"],
    ["send", "--no-folder", "--cores", "0", "--", "true"],
    ["send", "--no-folder", "--env", "1BAD=x", "--", "true"],
    ["send", "--no-folder", "--secret", "NOT_STORED", "--", "true"],
    ["send", "--folder", "/no/such/folder", "--", "true"],
    ["sbatch", "job.sh"],
    ["frobnicate"],
    ["stop", "99999"],
    ["logs", "99999"],
    ["attach", "no-such-job"],
    ["host", "show", "nowhere"],
  ]
  for (const args of bad) {
    const { exitCode, stderr } = await pool().windfall(args)
    assert.equal(exitCode, 2, `${args.join(" ")}: ${stderr}`)
    assert.ok(stderr.trim().length > 0, args.join(" "))
    assert.doesNotMatch(stderr, /^\s+at /m, "no stack")
  }
  const time = (await pool().windfall(["send", "--no-folder", "--time", "30", "--", "true"])).stderr
  assert.match(time, /30m/)
  assert.match(time, /30s/)
  await pool().windfall(["stop", `${id}`, "--now"])
  assert.equal(await count(), before + 1)
})

test("what is told of real hosts and their jobs is as the OpenAPI document says", async () => {
  for (const path of ["/v1/hosts", "/v1/jobs?user=all", "/v1/events", "/v1/doctor"]) {
    checkAnswer("GET", path, await pool().api("GET", path))
  }
})

test("malformed requests are refused by the API with a clear error", async () => {
  const before = await count()
  const post = (body: unknown) =>
    pool()
      .request("POST", "/v1/jobs", body)
      .then((response) => response.status)
  assert.equal(await post({}), 400)
  assert.equal(await post({ spec: taskSpec({ command: [] }) }), 400)
  assert.equal(await post({ spec: taskSpec({ command: ["a\0b"] }) }), 400)
  assert.equal(await post({ spec: { ...taskSpec(), resources: null } }), 400)
  assert.equal(await post({ spec: taskSpec({ env: { BIG: "x".repeat(10 * 1024 * 1024) } }) }), 400)
  assert.equal(await count(), before)
})

async function count(): Promise<number> {
  return (await pool().api<{ jobs: JobView[] }>("GET", "/v1/jobs?user=all&limit=1000")).jobs.length
}
