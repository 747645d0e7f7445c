import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { MessageReceiver, type ReceivedMessage } from "../../../test/support/message-receiver.ts"
import { exitsAtOnce, runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { DoctorReport } from "../../protocol/api.ts"
import type { NotifyBody, NotifySet, NotifyTest, TargetView } from "../../protocol/notify-api.ts"

const LIMITS = { limits: { notifyPrivate: true } }

const bodyOf = (message: ReceivedMessage | undefined) => JSON.parse(message?.body ?? "") as NotifyBody
const targetsOf = async (server: TestServer, token?: string) =>
  (await server.call<{ targets: TargetView[] }>("GET", "/v1/notify", undefined, token === undefined ? {} : { token }))
    .targets
const setTargets = (server: TestServer, targets: string[], token?: string) =>
  server.call<NotifySet>("PUT", "/v1/notify", { targets }, token === undefined ? {} : { token })

test("who set a webhook is told how a job ended, with cause, last lines and hint, under a signature", async () => {
  await using server = await TestServer.start(LIMITS)
  await using receiver = await MessageReceiver.start()
  const host = await server.hosts.join("studio-3")
  host.script = (simulated, attempt) => {
    simulated.begin(attempt)
    simulated.print(attempt, "stdout", "epoch 1\n")
    simulated.print(attempt, "stderr", "ModuleNotFoundError: No module named 'yaml'\n")
    simulated.finish(attempt, { exitCode: 1 })
  }
  const [target] = (await setTargets(server, [receiver.at("/hook")])).targets
  assert.match(target?.secret ?? "", /^whsec_[A-Za-z0-9+/]{43}=$/)
  const { id } = await server.submit({ name: "train" })
  const [message] = await receiver.until(1)
  const { type, data } = bodyOf(message)
  assert.equal(type, "job.failed")
  assert.deepEqual([data.job?.id, data.job?.name, data.host, data.job?.exitCode], [id, "train", "studio-3", 1])
  assert.deepEqual(data.lines, ["epoch 1", "ModuleNotFoundError: No module named 'yaml'"])
  assert.equal(data.hints[0]?.code, "module_missing")
  assert.match(
    data.text,
    /^job 1 \(train\) failed on studio-3\nexit code 1, after .*--with pyyaml\n.*windfall logs 1$/s,
  )
  const { "webhook-id": messageId, "webhook-timestamp": at, "webhook-signature": signature } = message?.headers ?? {}
  const key = Buffer.from(target?.secret?.slice("whsec_".length) ?? "", "base64")
  const expected = createHmac("sha256", key).update(`${messageId}.${at}.${message?.body}`).digest("base64")
  assert.equal(signature, `v1,${expected}`)
  assert.equal(messageId, data.message)
})

test("ntfy, Slack and Discord get their own shapes", async () => {
  await using server = await TestServer.start(LIMITS)
  await using receiver = await MessageReceiver.start()
  const host = await server.hosts.join("alpha")
  host.script = exitsAtOnce(0, `${"<!channel> `code` & more\n".repeat(100)}last\n`)
  await setTargets(server, [
    receiver.at("/slack", "slack+http"),
    receiver.at("/discord", "discord+http"),
    receiver.at("/jobs", "ntfy+http").replace("://", "://tk_1@"),
  ])
  await server.submit({ name: "one" })
  const body = async (path: string) => {
    const [message] = await receiver.until(1, path)
    return { ...JSON.parse(message?.body ?? ""), authorization: message?.headers.authorization }
  }
  const slack = await body("/slack")
  assert.match(
    slack.text,
    /^\*job 1 \(one\) is done on alpha\*\n.*&lt;!channel&gt; 'code' &amp; more.*\nlast\n```\n`windfall show 1`$/s,
  )
  const discord = await body("/discord")
  assert.match(discord.content, /^\*\*job 1 \(one\) is done on alpha\*\*/)
  assert.ok(discord.content.length <= 2000)
  assert.deepEqual(discord.allowed_mentions, { parse: [] })
  const ntfy = await body("/")
  assert.deepEqual(
    [ntfy.topic, ntfy.title, ntfy.authorization],
    ["jobs", "job 1 (one) is done on alpha", "Bearer tk_1"],
  )
  assert.match(ntfy.message, /last\nwindfall show 1$/)
})

test("an address is nowhere but sealed: not in the job, its events, the answers, the database or the log", async () => {
  await using server = await TestServer.start(LIMITS)
  await using receiver = await MessageReceiver.start()
  await server.hosts.join("alpha")
  const token = await server.userToken("lena")
  await setTargets(server, [receiver.at("/sesame-one")], token)
  const job = await server.submit({ notify: { targets: [receiver.at("/sesame-two")], on: null } }, { token })
  await receiver.until(1, "/sesame-two")
  const again = await server.call<{ id: number }>("POST", `/v1/jobs/${job.id}/rerun`, {}, { token })
  await receiver.until(2, "/sesame-two")
  const shown = await Promise.all(
    [`/v1/jobs/${job.id}`, `/v1/jobs/${again.id}`, "/v1/events", "/v1/notify", "/v1/doctor"].map(async (path) =>
      (await server.request("GET", path)).text(),
    ),
  )
  const seen = JSON.stringify([job, shown, await targetsOf(server, token), server.troubles])
  assert.match(seen, /notify_changed/)
  await server.stop()
  const database = readFileSync(`${server.folder.at("data")}/windfall.db`, "latin1")
  assert.doesNotMatch(seen + database, /sesame/)
  assert.equal(receiver.received.filter(({ path }) => path === "/sesame-one").length, 0)
})

test("a target that fails is tried again under the same id, later and later, then told what was missed", async () => {
  await using server = await TestServer.start(LIMITS)
  await using receiver = await MessageReceiver.start()
  await server.hosts.join("alpha")
  await setTargets(server, [receiver.at("/hook")])
  receiver.answer = () => ({ status: 503 })
  await server.submit()
  const [first] = await receiver.until(1)
  const failing = await untilTarget(server, ({ problem }) => problem !== null)
  assert.match(failing.problem ?? "", /HTTP 503/)
  assert.equal(failing.waiting, 1)
  const { findings } = await server.call<DoctorReport>("GET", "/v1/doctor")
  const finding = findings.find(({ code }) => code === "notify_failing")
  assert.match(finding?.text ?? "", /^your webhook at 127\.0\.0\.1:\d+ has taken no message for .*HTTP 503; 1 wait$/)
  // The next run does not know how to wait any better.
  await server.stop()
  receiver.answer = () => ({ status: 200 })
  await server.start()
  const target = server.running.core.notify.of("admin")[0]
  assert.ok((target?.nextAt ?? 0) > (target?.failingSince ?? 0))
  await server.running.core.ledger.change(() => {
    target!.nextAt = 0
    server.running.core.ledger.afterCommit(() => server.running.core.wakeCourier())
  })
  const second = (await receiver.until(2))[1]
  assert.equal(second?.headers["webhook-id"], first?.headers["webhook-id"])
  const fine = await untilTarget(server, ({ problem }) => problem === null)
  assert.deepEqual([fine.waiting, fine.failingSince], [0, null])
})

test("a target that hangs holds up neither jobs nor other targets, and a removed one is forgotten", async () => {
  await using server = await TestServer.start(LIMITS)
  await using receiver = await MessageReceiver.start()
  const host = await server.hosts.join("alpha")
  receiver.answer = ({ path }) => (path === "/hangs" ? null : { status: 204 })
  await setTargets(server, [receiver.at("/hangs"), receiver.at("/fine")])
  for (let number = 1; number <= 3; number++) await server.untilEnded((await server.submit()).id)
  const messages = await receiver.until(3, "/fine")
  assert.deepEqual(
    messages.map((message) => bodyOf(message).data.job?.id),
    [1, 2, 3],
  )
  assert.equal((await receiver.until(1, "/hangs")).length, 1)
  const hanging = (await targetsOf(server)).find(({ waiting }) => waiting === 3)
  await server.call("DELETE", `/v1/notify/${hanging?.id}`)
  assert.equal((await targetsOf(server)).length, 1)
  host.script = runsOn
})

test("what a target refuses for itself is given up, and the next message is sent, saying so", async () => {
  await using server = await TestServer.start(LIMITS)
  await using receiver = await MessageReceiver.start()
  await server.hosts.join("alpha")
  await setTargets(server, [receiver.at("/hook")])
  receiver.answer = (message) => ({ status: bodyOf(message).data.job?.id === 1 ? 400 : 200 })
  await server.untilEnded((await server.submit()).id)
  await untilTarget(server, ({ dropped }) => dropped === 1)
  await server.submit()
  const second = bodyOf((await receiver.until(2))[1])
  assert.deepEqual([second.data.job?.id, second.data.dropped], [2, 1])
  assert.match(second.data.text, /1 earlier message could not be sent/)
})

test("messages for one target are bounded; what is over is counted", async () => {
  await using server = await TestServer.start(LIMITS)
  await using receiver = await MessageReceiver.start()
  const host = await server.hosts.join("alpha")
  host.script = exitsAtOnce()
  receiver.answer = () => null
  await setTargets(server, [receiver.at("/hook")])
  const specs = Array.from({ length: 103 }, () => ({ command: ["true"] }))
  const { jobs } = await server.call<{ jobs: number[] }>("POST", "/v1/jobs/batch", { specs })
  for (const id of jobs) await server.untilEnded(id as never)
  const [target] = await targetsOf(server)
  assert.deepEqual([target?.waiting, target?.dropped], [100, 3])
})

test("the server's own network is not told unless an administrator allows it; a redirect is not followed", async () => {
  await using receiver = await MessageReceiver.start()
  await using strict = await TestServer.start()
  for (const target of [
    receiver.at("/hook"),
    receiver.at("/hook", "https"),
    "https://localhost/x",
    "https://[::1]/x",
    "https://169.254.169.254/latest",
    "http://example.org/x",
  ]) {
    await assert.rejects(setTargets(strict, [target]), { code: "invalid_input" }, target)
    const job = strict.submit({ notify: { targets: [target], on: null } })
    await assert.rejects(job, { code: "invalid_input" }, target)
  }
  assert.deepEqual(strict.running.core.store.jobs.lastId(), 0)
  await using server = await TestServer.start(LIMITS)
  receiver.answer = ({ path }) =>
    path === "/hook" ? { status: 302, headers: { location: "/elsewhere" } } : { status: 200 }
  await setTargets(server, [receiver.at("/hook")])
  const { results } = await server.call<NotifyTest>("POST", "/v1/notify/test", {})
  assert.match(results[0]?.problem ?? "", /HTTP 302, a redirect, which is not followed/)
  assert.deepEqual(
    receiver.received.map(({ path }) => path),
    ["/hook"],
  )
})

test("targets are their user's own, go with the user, and are replaced by the next set", async () => {
  await using server = await TestServer.start(LIMITS)
  const lena = await server.userToken("lena")
  const [target] = (await setTargets(server, ["ntfy+http://127.0.0.1:9/lena"], lena)).targets
  assert.deepEqual(await targetsOf(server), [])
  await assert.rejects(server.call("DELETE", `/v1/notify/${target?.id}`), { code: "target_not_found" })
  const named = { notify: { targets: [target?.id ?? ""], on: null } }
  await assert.rejects(server.submit(named), { code: "target_not_found" })
  assert.equal((await server.submit(named, { token: lena })).spec.notify?.targets?.[0], target?.id)
  await setTargets(server, ["http://127.0.0.1:9/other"], lena)
  const kept = await targetsOf(server, lena)
  assert.deepEqual(
    kept.map(({ kind, isDefault }) => [kind, isDefault]),
    [
      ["ntfy", false],
      ["webhook", true],
    ],
    "what a job named stays for that job",
  )
  await server.call("POST", "/v1/jobs/1/stop", { now: true })
  await server.call("DELETE", "/v1/users/lena")
  assert.equal(server.running.core.notify.isEmpty, true)
})

test("who stops a job is not told of it; its sender is, when somebody else does", async () => {
  await using server = await TestServer.start(LIMITS)
  await using receiver = await MessageReceiver.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const lena = await server.userToken("lena")
  await setTargets(server, [receiver.at("/hook")], lena)
  const own = await server.submit({}, { token: lena })
  await server.untilState(own.id, "running")
  await server.call("POST", `/v1/jobs/${own.id}/stop`, { now: false }, { token: lena })
  await server.untilEnded(own.id)
  const other = await server.submit({}, { token: lena })
  await server.untilState(other.id, "running")
  await server.call("POST", `/v1/jobs/${other.id}/stop`, { now: false })
  const [message] = await receiver.until(1)
  assert.equal(bodyOf(message).data.title, `job ${other.id} was stopped on alpha`)
  assert.match(bodyOf(message).data.text, /admin/)
})

test("a job whose targets were removed can be sent again, and tells the defaults", async () => {
  await using server = await TestServer.start(LIMITS)
  await using receiver = await MessageReceiver.start()
  await server.hosts.join("alpha")
  const job = await server.submit({ notify: { targets: [receiver.at("/named")], on: null } })
  await receiver.until(1, "/named")
  await server.call("DELETE", "/v1/notify")
  await setTargets(server, [receiver.at("/default")])
  await server.call("POST", `/v1/jobs/${job.id}/rerun`, {})
  assert.equal(bodyOf((await receiver.until(1, "/default"))[0]).data.job?.id, 2)
  assert.equal((await receiver.until(1, "/named")).length, 1)
})

test("a session tells nobody by itself", async () => {
  await using server = await TestServer.start(LIMITS)
  await using receiver = await MessageReceiver.start()
  await server.hosts.join("alpha")
  await setTargets(server, [receiver.at("/hook")])
  await server.untilEnded((await server.submit({ kind: "session", command: [] })).id)
  await server.submit()
  const [first] = await receiver.until(1)
  assert.equal(bodyOf(first).data.job?.id, 2)
})

async function untilTarget(server: TestServer, holds: (target: TargetView) => boolean): Promise<TargetView> {
  for (;;) {
    const [target] = await targetsOf(server)
    if (target !== undefined && holds(target)) return target
    await new Promise((resolve) => setImmediate(resolve))
  }
}
