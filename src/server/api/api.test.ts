import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { exitsAtOnce, runsOn } from "../../../test/support/simulated-host.ts"
import { type RequestOptions, TestServer, taskSpec } from "../../../test/support/test-server.ts"
import type { HostView } from "../../protocol/host.ts"
import type { JobView } from "../../protocol/job.ts"
import { placeOf } from "../gateway/gateway-places.ts"
import { ROUTES } from "./app.ts"

test("no route is at a path of the gateway, which goes before as soon as a model is served", () => {
  for (const { path } of ROUTES) assert.equal(placeOf(path.replaceAll(/:[a-z]+/g, "1")), undefined, path)
})

test("without a known token only what is open to all is answered", async () => {
  await using server = await TestServer.start()
  for (const { method, path, open } of ROUTES) {
    const response = await fetch(server.running.url + path.replaceAll(/:[a-z]+/g, "1"), { method })
    assert.equal(response.status === 401, open !== true, `${method} ${path}`)
    await response.arrayBuffer()
  }
  const open = ROUTES.filter((route) => route.open === true).map(({ path }) => path)
  const install = ["/install.sh", "/v1/install/:platform", "/v1/install/:platform/:file"]
  const lending = ["/join.sh", "/v1/lend/look", "/v1/lend", "/v1/login/look"]
  assert.deepEqual(open.sort(), ["/v1/health", "/v1/login", ...install, ...lending].sort())
  const wrong = await server.request("GET", "/v1/me", undefined, { token: `wf_${"x".repeat(43)}` })
  assert.equal(wrong.status, 401)
  const document = await fetch(`${server.running.url}/v1/openapi.json`)
  assert.equal(document.status, 200)
})

test("tokens are stored hashed, expire and can be revoked", async () => {
  let now = Date.now()
  const clock = { now: () => now, monotonicMs: () => performance.now(), sleep: () => new Promise<void>(() => {}) }
  await using server = await TestServer.start({ clock })
  await server.call("POST", "/v1/users", { name: "eve", role: "user" })
  const made = await server.call<{ token: string; id: string }>("POST", "/v1/tokens", {
    user: "eve",
    expiresInMs: 60_000,
  })
  assert.match(made.token, /^wf_[A-Za-z0-9_-]{43}$/)
  const own = { token: made.token }
  assert.equal((await server.call<{ user: string }>("GET", "/v1/me", undefined, own)).user, "eve")
  now += 60_001
  await assert.rejects(server.call("GET", "/v1/me", undefined, own), { code: "token_expired" })
  now -= 60_001
  await server.call("DELETE", `/v1/tokens/${made.id}`)
  await assert.rejects(server.call("GET", "/v1/me", undefined, own), { code: "not_logged_in" })
  await server.stop()
  const stored = readFileSync(server.folder.at("data", "windfall.db")).toString("latin1")
  assert.ok(!stored.includes(made.token) && !stored.includes(server.adminToken))
})

test("users see the queue, but rule only their own jobs and never others' values", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const [ada, bob] = [{ token: await server.userToken("ada") }, { token: await server.userToken("bob") }]
  const { id } = await server.submit(
    { name: "train", env: { KEY: "value" }, command: ["python", "--key", "hidden"] },
    ada,
  )
  const seen = await server.job(id, bob)
  assert.deepEqual([seen.user, seen.spec.name, seen.spec.env, seen.spec.command], ["ada", "train", {}, ["python"]])
  assert.deepEqual((await server.job(id, ada)).spec.env, { KEY: "value" })
  for (const [method, path] of [
    ["POST", "stop"],
    ["POST", "rerun"],
    ["GET", "logs"],
    ["GET", "outputs"],
  ] as const) {
    const body = path === "stop" ? { now: false } : method === "POST" ? {} : undefined
    await assert.rejects(server.call(method, `/v1/jobs/${id}/${path}`, body, bob), { code: "not_allowed" }, path)
  }
  await assert.rejects(server.call("POST", "/v1/users", { name: "mal", role: "admin" }, bob), { code: "not_allowed" })
  await assert.rejects(server.call("POST", "/v1/tokens", { user: "ada", expiresInMs: null }, bob), {
    code: "not_allowed",
  })
  await assert.rejects(server.call("POST", "/v1/hosts/alpha/drain", {}, bob), { code: "not_allowed" })
  const { jobs } = await server.call<{ jobs: JobView[] }>("GET", "/v1/jobs?user=all", undefined, bob)
  assert.equal(jobs.length, 1)
  assert.equal((await server.call<{ jobs: JobView[] }>("GET", "/v1/jobs", undefined, bob)).jobs.length, 0)
  await server.call("POST", `/v1/jobs/${id}/stop`, { now: false })
  assert.equal((await server.untilEnded(id)).state, "cancelled")
})

test("another method than a path has is answered with those it has, an unknown user with that, to those who may know", async () => {
  await using server = await TestServer.start()
  for (const [method, path, allow] of [
    ["PUT", "/v1/jobs", "POST, GET"],
    ["DELETE", "/v1/jobs/1/stop", "POST"],
    ["POST", "/v1/openapi.json", "GET"],
    ["POST", "/v1/jobs/1/terminal", "GET"],
  ] as const) {
    const response = await server.request(method, path)
    assert.equal(response.status, 405, path)
    assert.equal(response.headers.get("allow"), allow)
    assert.equal(((await response.json()) as { error: { code: string } }).error.code, "method_not_allowed")
  }
  await assert.rejects(server.call("PUT", "/v1/nothing"), { code: "route_not_found" })
  const ada = { token: await server.userToken("ada") }
  await assert.rejects(server.call("GET", "/v1/jobs?user=nobody"), { code: "user_not_found" })
  assert.deepEqual(await server.call("GET", "/v1/jobs?user=ada"), { jobs: [] })
  assert.deepEqual(await server.call("GET", "/v1/jobs?user=nobody", undefined, ada), { jobs: [] })
})

test("Windfall's own names are refused for variables and secrets, with the name and the reason", async () => {
  await using server = await TestServer.start()
  const own = (name: RegExp) => ({
    code: "invalid_input",
    message: new RegExp(`${name.source}.*: names that start with WINDFALL_ are Windfall's own$`),
  })
  await assert.rejects(server.submit({ env: { OK: "1", WINDFALL_X: "1" } }), own(/"spec\.env\.WINDFALL_X"/))
  await assert.rejects(server.submit({ secrets: ["WINDFALL_JOB"] }), own(/"spec\.secrets\.0"/))
  await assert.rejects(server.call("PUT", "/v1/secrets/WINDFALL_JOB", { value: "x" }), own(/"WINDFALL_JOB"/))
  assert.deepEqual(await server.call("GET", "/v1/secrets"), { secrets: [] })
})

test("what is noted of a job's files only its owner and administrators see", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const [ada, bob] = [{ token: await server.userToken("ada") }, { token: await server.userToken("bob") }]
  host.script = (there, { order: { attempt, sequence } }) => {
    const ended = { cause: "exited", exitCode: 0, signal: null, startedAt: 1, endedAt: 2 } as const
    const exit = { ...ended, peakMemoryBytes: null, message: null }
    there.tell({ type: "exited", attempt, sequence, exit, stdoutBytes: 0, stderrBytes: 0 })
    there.tell({
      type: "outputs",
      attempt,
      sequence,
      tree: null,
      files: 0,
      bytes: 0,
      problem: "secret.sock is a socket",
    })
  }
  const { id } = await server.submit({}, ada)
  await server.untilEnded(id)
  const noted = async (options: RequestOptions) =>
    (await (await server.request("GET", "/v1/events", undefined, options)).text()).includes("secret.sock")
  assert.deepEqual(await Promise.all([ada, bob, { token: server.adminToken }].map(noted)), [true, false, true])
})

test("the same key is answered with the first answer, also after a restart, and refused for another question", async () => {
  await using server = await TestServer.start()
  const body = { spec: taskSpec({ name: "once" }) }
  const [first, second] = await Promise.all([
    server.call<JobView>("POST", "/v1/jobs", body, { key: "k1" }),
    server.call<JobView>("POST", "/v1/jobs", body, { key: "k1" }),
  ])
  assert.deepEqual(second, first)
  const batch = { specs: [taskSpec()] }
  await assert.rejects(server.call("POST", "/v1/jobs/batch", batch, { key: "k1" }), { code: "idempotency_mismatch" })
  await server.stop()
  await server.start()
  assert.deepEqual(await server.call<JobView>("POST", "/v1/jobs", body, { key: "k1" }), first)
  await assert.rejects(server.call("POST", "/v1/jobs", body, { key: "k2" }), { code: "name_taken" })
  const { jobs } = await server.call<{ jobs: JobView[] }>("GET", "/v1/jobs")
  assert.equal(jobs.length, 1)
})

test("bad input is refused with a reason and changes nothing", async () => {
  await using server = await TestServer.start()
  await server.hosts.join("alpha")
  const submit = (spec: unknown) => server.call("POST", "/v1/jobs", { spec })
  const good = taskSpec()
  const refused: [unknown, string][] = [
    [{ ...good, command: [] }, "invalid_input"],
    [{ ...good, command: ["a\0b"] }, "invalid_input"],
    [{ ...good, surprise: 1 }, "invalid_input"],
    [{ ...good, command: ["echo", "é".repeat(70_000)] }, "invalid_input"],
    [{ ...good, command: ["echo", "\ud800"] }, "invalid_input"],
    [{ ...good, stopSignal: "SIGFOO" }, "invalid_input"],
    [{ ...good, env: { BIG: "x".repeat(300_000) } }, "invalid_input"],
    [{ ...good, env: { LONG: "x".repeat(131_067) } }, "invalid_input"],
    [{ ...good, env: JSON.parse('{"__proto__":"a"}') }, "invalid_input"],
    [{ ...good, env: { "NOT-A-NAME": "x" } }, "invalid_input"],
    [{ ...good, env: { WINDFALL_X: "1" } }, "invalid_input"],
    [{ ...good, secrets: ["WINDFALL_X"] }, "invalid_input"],
    [{ ...good, workingFolder: "../up" }, "invalid_input"],
    [{ ...good, outputs: ["../up"] }, "invalid_input"],
    [{ ...good, outputs: ["/etc/passwd"] }, "invalid_input"],
    [{ ...good, outputs: new Array(10).fill(`*${"a".repeat(2000)}`) }, "invalid_input"],
    [{ ...good, resources: { memoryBytes: 0, gpus: null, cores: 1 } }, "invalid_input"],
    [{ ...good, resources: { memoryBytes: 2 ** 50, gpus: null, cores: 1 } }, "never_fits"],
    [{ ...good, resources: { memoryBytes: 1, gpus: 3, cores: 1 } }, "never_fits"],
    [{ ...good, host: "nowhere" }, "host_not_found"],
    [{ ...good, partition: "elsewhere" }, "invalid_input"],
    [{ ...good, secrets: ["TOKEN"] }, "secret_not_found"],
    [{ ...good, workspace: "0".repeat(64) }, "blobs_missing"],
  ]
  for (const [spec, code] of refused) await assert.rejects(submit(spec), { code }, JSON.stringify(spec).slice(0, 100))
  const large = await server.request("POST", "/v1/jobs", { spec: { ...good, env: { A: "x".repeat(40 * 1024 ** 2) } } })
  assert.equal(large.status, 413)
  await large.arrayBuffer()
  const bytes = new TextEncoder().encode(JSON.stringify({ spec: { command: ["echo", "?"] } }))
  for (const body of [new TextEncoder().encode("{"), bytes.map((byte) => (byte === 0x3f ? 0xff : byte))]) {
    const notJson = await server.request("POST", "/v1/jobs", body)
    assert.equal(notJson.status, 400)
    await notJson.arrayBuffer()
  }
  await assert.rejects(server.call("PUT", "/v1/secrets/..%2Fx", { value: "long enough" }), { code: "invalid_input" })
  await assert.rejects(server.call("POST", "/v1/blobs", new Uint8Array(5)), { code: "invalid_input" })
  assert.deepEqual(server.troubles, [])
  await assert.rejects(server.call("GET", "/v1/jobs/77"), { code: "job_not_found" })
  for (const other of ["0x1", "1e0", "+1", "1.0", "%201"]) {
    await assert.rejects(server.call("GET", `/v1/jobs/${other}`), { code: "invalid_input" }, other)
  }
  await assert.rejects(server.call("GET", "/v1/jobs?state=sleeping"), { code: "invalid_input" })
  await assert.rejects(server.call("GET", "/v1/nothing"), { code: "route_not_found" })
  const { jobs } = await server.call<{ jobs: JobView[] }>("GET", "/v1/jobs?user=all")
  assert.deepEqual(jobs, [])
})

test("a batch is taken whole or not at all", async () => {
  await using server = await TestServer.start()
  const specs = [taskSpec({ name: "one" }), taskSpec({ name: "one" })]
  await assert.rejects(server.call("POST", "/v1/jobs/batch", { specs }), { code: "name_taken" })
  const many = Array.from({ length: 50 }, () => taskSpec())
  const { jobs } = await server.call<{ jobs: number[] }>("POST", "/v1/jobs/batch", { specs: many })
  assert.deepEqual(
    jobs,
    Array.from({ length: 50 }, (_, index) => index + 1),
  )
})

test("secrets reach the job and nothing else", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = exitsAtOnce()
  await server.call("PUT", "/v1/secrets/API_KEY", { value: "very secret value" })
  const { id } = await server.submit({ secrets: ["API_KEY"] })
  await server.untilEnded(id)
  const start = host.said.find((message) => message.type === "start")
  assert.deepEqual(start?.secrets, { API_KEY: "very secret value" })
  assert.ok(!JSON.stringify(start?.order).includes("very secret"))
  const { secrets } = await server.call<{ secrets: { name: string }[] }>("GET", "/v1/secrets")
  assert.deepEqual(
    secrets.map(({ name }) => name),
    ["API_KEY"],
  )
  const events = await (await server.request("GET", "/v1/events")).text()
  assert.ok(!events.includes("very secret"))
  await server.stop()
  assert.ok(!readFileSync(server.folder.at("data", "windfall.db")).toString("latin1").includes("very secret"))
})

test("a drained host gets no new jobs until it is resumed", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = exitsAtOnce()
  const view = await server.call<HostView>("POST", "/v1/hosts/alpha/drain", {})
  assert.equal(view.draining, true)
  const { id } = await server.submit()
  const why = await server.call<{ hosts: { name: string }[] }>("GET", `/v1/jobs/${id}/why`)
  assert.deepEqual(
    why.hosts.map(({ name }) => name),
    ["alpha"],
  )
  assert.equal((await server.job(id)).state, "queued")
  await server.call("POST", "/v1/hosts/alpha/resume", {})
  assert.equal((await server.untilEnded(id)).state, "succeeded")
})

test("followed events come in order without gaps, and those after a number are found again", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = exitsAtOnce()
  const gone = new AbortController()
  const response = await server.request("GET", "/v1/events?follow=true", undefined, { signal: gone.signal })
  const { id } = await server.submit()
  const sequences: number[] = []
  let text = ""
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const parts = text.split("\n\n")
    text = parts.pop() ?? ""
    const events = parts.flatMap((part) => /^data: (.*)$/m.exec(part)?.slice(1) ?? []).map((data) => JSON.parse(data))
    sequences.push(...events.map(({ sequence }) => sequence))
    if (events.some((event) => event.type === "job_state" && event.job === id && event.to === "succeeded")) break
  }
  gone.abort()
  assert.deepEqual(
    sequences,
    sequences.map((_, index) => index + 1),
  )
  const { events } = await server.call<{ events: { sequence: number }[] }>("GET", "/v1/events?after=3")
  assert.equal(events[0]!.sequence, 4)
})

test("whoever comes back with the number of the last event it had is not told it again", async () => {
  await using server = await TestServer.start()
  await server.submit()
  const headers = { "last-event-id": "2" }
  const response = await server.request("GET", "/v1/events?follow=true&after=0", undefined, { headers })
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    assert.match(chunk, /^id: 3\n/)
    break
  }
})
