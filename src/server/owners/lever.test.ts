import assert from "node:assert/strict"
import { test } from "node:test"
import { eventually } from "../../../test/support/agent-home.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { readServerEvents } from "../../../test/support/server-events.ts"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { HERE, nextOwner, seesPeople } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { actText } from "../../cli/render/act-text.ts"
import { ownerPage } from "../../cli/render/owner-text.ts"
import type { ServerMessage } from "../../protocol/agent-wire.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { HostView } from "../../protocol/host.ts"
import type { Lever } from "../../protocol/owner.ts"
import type { FleetView, OwnerView } from "../../protocol/owner-api.ts"

const GIB = 1024 ** 3
const HOUR_MS = 3_600_000

async function leverEvents(server: TestServer): Promise<string[]> {
  const { events } = await server.call<{ events: WindfallEvent[] }>("GET", "/v1/events")
  return events.flatMap((event) =>
    event.type === "host_lever" ? [`${event.actor} ${event.act} (${event.from}): ${event.what}`] : [],
  )
}

const said = (messages: readonly ServerMessage[]) => messages.flatMap((one) => (one.type === "owner" ? [one] : []))

test("an owner pauses from elsewhere: nothing starts, the host is told, why says so; and resumes", async () => {
  await using server = await TestServer.start()
  const mia = { token: await server.userToken("mia") }
  const host = await server.hosts.join(
    "alpha",
    { timeZone: "Europe/Berlin" },
    { owner: "mia", consoleAccount: "mia.w" },
  )
  const first = said(host.said).at(-1)
  assert.deepEqual(first?.terms, {
    host: "alpha",
    owner: "mia",
    consoleAccount: "mia.w",
    fleet: { preset: "default", rules: {} },
  })
  assert.ok(host.said.findIndex(({ type }) => type === "owner") < host.said.findIndex(({ type }) => type === "ready"))
  const paused = await server.call<OwnerView>("POST", "/v1/hosts/alpha/owner/pause", { for: "2h" }, mia)
  assert.deepEqual([paused.obstacles[0]?.code, paused.heard], ["paused", "next_contact"])
  for (const _ of said(host.said)) host.tell({ type: "owner-taken" })
  const heard = async () => (await server.call<OwnerView>("GET", "/v1/hosts/alpha/owner", undefined, mia)).heard
  await eventually(async () => (await heard()) === "now", "all that it was told is taken")
  assert.match(paused.obstacles[0]?.text ?? "", /^paused by mia until /)
  const until = paused.lever.pauses.owner?.pause?.until ?? 0
  assert.ok(Math.abs(until - Date.now() - 2 * HOUR_MS) < 60_000)
  assert.deepEqual(said(host.said).at(-1)?.lever, paused.lever)
  const { id } = await server.submit()
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.deepEqual([why.code, why.hosts[0]?.until], ["paused", until])
  assert.equal((await server.job(id)).state, "queued")
  const resumed = await server.call<OwnerView>("POST", "/v1/hosts/alpha/owner/resume", {}, mia)
  assert.deepEqual(resumed.obstacles, [])
  assert.equal((await server.untilEnded(id)).state, "succeeded")
  const events = await leverEvents(server)
  assert.match(events[0] ?? "", /^mia paused \(elsewhere\): paused until (?:tomorrow )?\d\d:\d\d$/)
  assert.equal(events[1], "mia resumed (elsewhere): resumed")
  assert.equal(events.length, 2)
})

test("a pause ends by itself, and what waits starts", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  await server.hosts.join("alpha")
  await server.call("POST", "/v1/hosts/alpha/owner/pause", { until: clock.now() + HOUR_MS })
  const { id } = await server.submit()
  clock.advance(HOUR_MS - 1)
  const still = await server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.equal(still.code, "paused")
  clock.advance(1)
  assert.equal((await server.untilEnded(id)).state, "succeeded")
})

test("who may say what, and what cannot be said, is refused before anything changes", async () => {
  await using server = await TestServer.start()
  const mia = { token: await server.userToken("mia") }
  const ben = { token: await server.userToken("ben") }
  await server.hosts.join("alpha", {}, { owner: "mia" })
  const post = (act: string, body: unknown, as = {}) => server.call("POST", `/v1/hosts/alpha/owner/${act}`, body, as)
  await assert.rejects(post("pause", { for: "1h" }, ben), { code: "not_allowed" })
  await assert.rejects(post("resume", {}, ben), { code: "not_allowed" })
  await assert.rejects(post("rules", { rules: { who: "ben" } }), { code: "not_allowed" })
  await assert.rejects(post("pause", { for: "2" }, mia), { code: "invalid_input" })
  await assert.rejects(post("pause", { for: "2h", until: "18:00" }, mia), { code: "invalid_input" })
  await assert.rejects(post("pause", { until: "25:00" }, mia), { code: "invalid_input" })
  await assert.rejects(post("pause", { until: 5 }, mia), { code: "invalid_input" })
  await assert.rejects(post("rules", { rules: { on_retrun: "vacate" } }, mia), { code: "invalid_input" })
  await assert.rejects(post("rules", { rules: { hours: "weekdays 25-26" } }, mia), { code: "invalid_input" })
  await assert.rejects(server.call("POST", "/v1/hosts/alpha/owner", { owner: "ben" }, ben), { code: "not_allowed" })
  await assert.rejects(server.call("POST", "/v1/fleets/default/policy", { preset: "condor" }, mia), {
    code: "not_allowed",
  })
  await assert.rejects(server.call("POST", "/v1/fleets/default/policy", { preset: "night" }), {
    code: "invalid_input",
  })
  assert.deepEqual(await leverEvents(server), [])
  // What an administrator paused is an administrator's to resume; what the owner did is not.
  await post("pause", { until: null }, {})
  await post("resume", {})
  await post("pause", { until: "today" }, mia)
  await assert.rejects(post("resume", {}), { code: "not_allowed", message: /mia paused it, and it has an owner/ })
})

test("what was said at the Mac holds here too, and the later word wins wherever it was said", async () => {
  await using server = await TestServer.start()
  const mia = { token: await server.userToken("mia") }
  const host = await server.hosts.join("alpha", {}, { owner: "mia" })
  const at = Date.now()
  const atMac: Lever = {
    pauses: { owner: { at, by: "mia.w", pause: { since: at, until: null } } },
    rules: { at, by: "mia.w", rules: { on_return: "vacate" } },
  }
  const followed = server.request("GET", "/v1/events?follow=true")
  host.tell({ type: "lever", lever: atMac })
  for await (const event of readServerEvents(await followed)) {
    if ((event as WindfallEvent).type === "host_lever") break
  }
  const view = await server.call<OwnerView>("GET", "/v1/hosts/alpha/owner", undefined, mia)
  assert.deepEqual(view.lever, atMac)
  assert.deepEqual(
    view.policy.find(({ name }) => name === "on_return"),
    { name: "on_return", value: "vacate", from: "host", by: "mia.w" },
  )
  await server.call("POST", "/v1/hosts/alpha/owner/resume", {}, mia)
  host.cut()
  // The host has lost what was said here: it is told at its contact, and once more when it tells what it knows.
  const atContact = nextOwner(host)
  host.connect()
  assert.equal((await atContact).lever.pauses.owner?.pause, null)
  const afterwards = nextOwner(host)
  host.tell({ type: "lever", lever: atMac })
  host.tell({ type: "lever", lever: atMac })
  await afterwards
  assert.equal(said(host.said).at(-1)?.lever.pauses.owner?.pause, null)
  assert.deepEqual(await leverEvents(server), [
    "mia.w paused (mac): paused until it is resumed",
    "mia.w rules (mac): on_return: vacate",
    "mia resumed (elsewhere): resumed",
  ])
  await server.stop()
  await server.start()
  const stored = await server.call<OwnerView>("GET", "/v1/hosts/alpha/owner", undefined, mia)
  assert.equal(stored.lever.pauses.owner?.by, "mia")
})

test("a host that is away obeys at its next contact, and the answer says that", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.cut()
  const view = await server.call<OwnerView>("POST", "/v1/hosts/alpha/owner/pause", {})
  assert.equal(view.heard, "next_contact")
  const told = nextOwner(host)
  host.connect()
  assert.deepEqual((await told).lever, view.lever)
})

test("what is said of a host that has left reaches nobody, and the answer says that; who took it out is said as it is known", async () => {
  await using server = await TestServer.start()
  const mia = { token: await server.userToken("mia") }
  for (const [name, owner, who] of [
    ["alpha", null, "somebody there"],
    ["beta", "mia", "its owner"],
  ] as const) {
    const host = await server.hosts.join(name, {}, owner === null ? {} : { owner })
    const path = `/v1/hosts/${name}`
    const seen = () => server.call<HostView>("GET", path)
    host.tell({ type: "left" })
    await eventually(async () => (await seen()).leaving !== null, "it leaves")
    host.cut()
    await eventually(async () => (await seen()).link === "refused", "it has left")
    const { reason, leaving } = await seen()
    assert.deepEqual([reason, leaving?.by], [`${who} has taken it out of the pool`, who])
    const rules = { rules: { on_return: "vacate" } }
    const view = await server.call<OwnerView>("POST", `${path}/owner/rules`, rules, owner === null ? {} : mia)
    assert.equal(view.heard, "never")
    const text = actText(view, ["on_return"])
    assert.match(text, new RegExp(`^${name} has left the pool: no job runs there, .*\\n.*windfall host rm ${name}`))
    assert.doesNotMatch(text, /next contact|From now on/)
    assert.match(ownerPage(view, Date.now()), /^contact +none any more/m)
  }
})

test("a Mac takes nothing until it has told who is there; others see only that somebody is", async () => {
  await using server = await TestServer.start()
  const [mia, ben] = [{ token: await server.userToken("mia") }, { token: await server.userToken("ben") }]
  const host = await server.hosts.join("mac", { platform: "darwin", memoryBytes: 64 * GIB }, { owner: "mia" })
  host.script = runsOn
  const { id } = await server.submit()
  const why = () => server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.equal((await why()).code, "presence_unknown")
  const untilState = async (state: string) => {
    for (;;) {
      const view = await server.call<HostView>("GET", "/v1/hosts/mac", undefined, ben)
      if (view.presence?.state === state) return view
    }
  }
  seesPeople(host, "here")
  const seen = await untilState("here")
  assert.deepEqual([seen.presence?.text, seen.obstacles[0]?.text], ["somebody is at it", "somebody is at it"])
  const own = await server.call<HostView>("GET", "/v1/hosts/mac", undefined, mia)
  assert.deepEqual([own.presence?.text, own.obstacles[0]?.text], ["here (seen)", HERE.text])
  assert.equal((await why()).hosts[0]?.text, "somebody is at it")
  // An eighth of it stays the owner's.
  assert.equal(own.total.memoryBytes, 56 * GIB)
  seesPeople(host, "away")
  await server.untilState(id, "running")
  host.cut()
  const more = await server.submit({ resources: { memoryBytes: GIB, cores: 1, gpus: 0 } })
  host.connect()
  const again = await server.call<WhyAnswer>("GET", `/v1/jobs/${more.id}/why`)
  assert.ok(again.hosts[0]?.text.includes("it has not told so yet"))
})

test("rules: whose jobs run there, and how much memory stays; a fleet's hold where the owner says nothing", async () => {
  await using server = await TestServer.start()
  const [mia, ben] = [{ token: await server.userToken("mia") }, { token: await server.userToken("ben") }]
  const host = await server.hosts.join("alpha", {}, { owner: "mia", fleet: "lab" })
  host.script = runsOn
  const total = async () => (await server.call<HostView>("GET", "/v1/hosts/alpha")).total.memoryBytes
  assert.equal(await total(), 7 * GIB)
  const rules = { who: "nobody", keep_memory: "2G" }
  const fleet = await server.call<FleetView>("POST", "/v1/fleets/lab/policy", { rules })
  assert.deepEqual(fleet, { name: "lab", preset: "default", rules, hosts: ["alpha"] })
  assert.deepEqual(said(host.said).at(-1)?.terms.fleet, { preset: "default", rules })
  assert.equal(await total(), 6 * GIB)
  const small = { resources: { memoryBytes: GIB, cores: 1, gpus: 0 } }
  const [hers, his] = [await server.submit(small, mia), await server.submit(small, ben)]
  await server.untilState(hers.id, "running")
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${his.id}/why`)
  assert.equal(why.hosts[0]?.text, "its rules let no jobs of ben run there (who)")
  const own = { rules: { who: "ben", keep_memory: "1G" } }
  const view = await server.call<OwnerView>("POST", "/v1/hosts/alpha/owner/rules", own, mia)
  const from = (name: string, of: OwnerView) => of.policy.find((rule) => rule.name === name)
  assert.deepEqual(from("who", view), { name: "who", value: "ben", from: "host", by: "mia" })
  await server.untilState(his.id, "running")
  assert.equal(await total(), 7 * GIB)
  const back = await server.call<OwnerView>("POST", "/v1/hosts/alpha/owner/rules", { rules: { who: null } }, mia)
  assert.deepEqual(from("who", back), { name: "who", value: "nobody", from: "fleet", by: null })
  await server.call("POST", "/v1/fleets/lab/policy", { preset: "nobodys", rules: { who: null } })
  const { events } = await server.call<{ events: WindfallEvent[] }>("GET", "/v1/events")
  assert.deepEqual(
    events.flatMap((event) => (event.type === "fleet_changed" ? [event.what] : [])),
    ["who: nobody; keep_memory: 2G", "preset: nobodys; who: taken back"],
  )
  await server.stop()
  await server.start()
  const [stored] = (await server.call<{ fleets: FleetView[] }>("GET", "/v1/fleets")).fleets
  assert.deepEqual([stored?.preset, stored?.rules], ["nobodys", { keep_memory: "2G" }])
})

test("what a host says of its zone and of times ends nothing, and a word from the future is none", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { timeZone: "Mars/Phobos" })
  const hours = { rules: { hours: "weekdays 01:00-23:00" } }
  await server.call("POST", "/v1/fleets/default/policy", { preset: "default", ...hours })
  const word = (at: number) => ({ at, by: "x", pause: { since: at, until: null } })
  host.tell({ type: "lever", lever: { pauses: { owner: word(4e15) }, rules: null } })
  host.tell({ type: "lever", lever: { pauses: { owner: word(1) }, rules: null } })
  const { lever } = await server.call<HostView>("GET", "/v1/hosts/alpha")
  assert.equal(lever.pauses.owner?.at, 1)
})

test("a fleet's name that is none is refused in words, and cuts no link", async () => {
  await using server = await TestServer.start()
  await server.hosts.join("alpha")
  const refused = await server.request("POST", "/v1/fleets/my%20lab/policy", { preset: "default", rules: {} })
  assert.equal(refused.status, 400)
  const { error } = (await refused.json()) as { error: { message: string } }
  assert.match(error.message, /^Cannot set the policy of fleet "my lab": must be up to 63 letters/)
  assert.equal((await server.call<HostView>("GET", "/v1/hosts/alpha")).link, "ready")
})
