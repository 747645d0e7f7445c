import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn, type Script } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { DoctorFinding, WhyAnswer } from "../../protocol/api.ts"
import type { WindfallEvent } from "../../protocol/events.ts"

const RETRY = { limit: 5, afterSilenceMs: null, once: false }
const MESSAGE = "The Mac crashed while it ran: kernel panic: GPU fell over (in com.apple.iokit.IOGPUFamily)"

const crashes: Script = (host, attempt) => {
  host.begin(attempt)
  host.finish(attempt, { cause: "host_crashed", message: MESSAGE })
}

async function crashEvents(server: TestServer) {
  const { events } = await server.call<{ events: WindfallEvent[] }>("GET", "/v1/events?limit=1000")
  return events.filter((event) => event.type === "host_crashed")
}

test("after a crash the job goes to another Mac; after a second one it never goes back to the first", async () => {
  await using server = await TestServer.start()
  // Equal in size: by name alpha is the first choice each time.
  const alpha = await server.hosts.join("alpha")
  alpha.script = crashes
  const { id } = await server.submit({ retry: RETRY, name: "train" })
  const waiting = await server.until(id, ({ state, attempts }) => state === "queued" && attempts.length === 2)
  assert.deepEqual(
    waiting.attempts.map(({ cause, message }) => [cause, message]),
    [
      ["host_crashed", MESSAGE],
      ["host_crashed", MESSAGE],
    ],
  )
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.equal(why.hosts[0]?.code, "crashed_there")
  assert.match(why.hosts[0]?.text ?? "", /it crashed 2 times while it ran this job.*-J NAME/)
  const findings = async (token?: string) => {
    const options = token === undefined ? {} : { token }
    const found = await server.call<{ findings: DoctorFinding[] }>("GET", "/v1/doctor", undefined, options)
    return found.findings.filter(({ code }) => code === "quarantine" || code === "host_crashed")
  }
  const [quarantine, ...others] = await findings()
  assert.deepEqual([quarantine?.level, others], ["warning", []])
  assert.match(
    quarantine?.text ?? "",
    /^it crashed twice while job 1 \(train\) of admin ran, last .* ago \(The Mac crashed/,
  )
  assert.match(quarantine?.fix ?? "", /windfall host set alpha --forgive/)
  const ben = await server.userToken("ben")
  assert.doesNotMatch(JSON.stringify(await findings(ben)), /train|GPU fell over/, "what others send is their own")
  await assert.rejects(server.call("POST", "/v1/hosts/alpha/forgive", {}, { token: ben }), { code: "not_allowed" })
  const beta = await server.hosts.join("beta")
  beta.script = runsOn
  assert.equal((await server.untilState(id, "running")).attempts.at(-1)?.hostName, "beta")
  assert.deepEqual(
    (await crashEvents(server)).map(
      (event) => event.type === "host_crashed" && [event.name, event.times, event.quarantined, event.reason],
    ),
    [
      ["alpha", 1, false, MESSAGE],
      ["alpha", 2, true, MESSAGE],
    ],
  )
})

test("an administrator forgives a host its crashes: what waits goes there at once, and the events stay", async () => {
  await using server = await TestServer.start()
  const alpha = await server.hosts.join("alpha")
  alpha.script = crashes
  const { id } = await server.submit({ retry: RETRY, name: "train" })
  await server.until(id, ({ state, attempts }) => state === "queued" && attempts.length === 2)
  alpha.script = runsOn
  assert.equal((await server.call<{ forgiven: number }>("POST", "/v1/hosts/alpha/forgive", {})).forgiven, 1)
  assert.equal((await server.untilState(id, "running")).attempts.at(-1)?.hostName, "alpha")
  assert.equal((await crashEvents(server)).length, 2)
  const { findings } = await server.call<{ findings: DoctorFinding[] }>("GET", "/v1/doctor")
  assert.ok(!findings.some(({ code }) => code === "quarantine" || code === "host_crashed"))
  assert.equal((await server.call<{ forgiven: number }>("POST", "/v1/hosts/alpha/forgive", {})).forgiven, 0)
  const { events } = await server.call<{ events: WindfallEvent[] }>("GET", "/v1/events?limit=1000")
  const told = events.filter((event) => event.type === "host_changed" && event.what.includes("forgiven"))
  assert.equal(told.length, 1, "once, however often it is said")
})

test("one crash makes another Mac the first choice, also for the same job sent anew and by a server started anew", async () => {
  await using server = await TestServer.start()
  const alpha = await server.hosts.join("alpha")
  const beta = await server.hosts.join("beta")
  alpha.script = crashes
  beta.script = runsOn
  const { id } = await server.submit({ retry: RETRY })
  assert.equal(
    (await server.until(id, ({ attempts }) => attempts.at(-1)?.state === "running")).attempts.at(-1)?.hostName,
    "beta",
  )
  alpha.script = runsOn
  await server.stop()
  await server.start()
  const again = await server.submit({})
  assert.equal((await server.untilState(again.id, "running")).attempts[0]?.hostName, "beta")
  const other = await server.submit({ command: ["another"] })
  assert.equal(
    (await server.untilState(other.id, "running")).attempts[0]?.hostName,
    "alpha",
    "others go there as before",
  )
})

test("a job that asks for just the Mac that crashed twice under it is refused, with a way out", async () => {
  await using server = await TestServer.start()
  const alpha = await server.hosts.join("alpha")
  alpha.script = crashes
  for (let i = 0; i < 2; i++) {
    const { id } = await server.submit({ host: "alpha" })
    const ended = await server.untilEnded(id)
    assert.deepEqual([ended.state, ended.cause, ended.reason], ["failed", "host_crashed", MESSAGE])
  }
  await assert.rejects(server.submit({ host: "alpha" }), (error: { code: string; message: string; hint: string }) => {
    assert.equal(error.code, "never_fits")
    assert.match(error.message, /alpha crashed 2 times/)
    assert.match(error.hint, /-J NAME/)
    return true
  })
  alpha.script = runsOn
  const { id } = await server.submit({ host: "alpha", name: "once-more" })
  await server.untilState(id, "running")
})
