import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { WindfallError } from "../../protocol/errors.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { PolicyApplyView, PolicyView } from "../../protocol/policy-api.ts"
import type { QueueOrderView } from "../../protocol/queue-order.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"
import { Database } from "../../store/database.ts"

const TEXT = "# ours\naccounts:\n  vision: { shares: 50, users: [ann] }\n"

function apply(server: TestServer, text: string, dryRun = false): Promise<PolicyApplyView> {
  return server.call<PolicyApplyView>("POST", "/v1/policy", { text, dryRun })
}

function show(server: TestServer): Promise<PolicyView> {
  return server.call<PolicyView>("GET", "/v1/policy")
}

/** How often a policy was applied, by the record of events. */
async function policyEvents(server: TestServer): Promise<number> {
  const text = await (await server.request("GET", "/v1/events")).text()
  return text.split('"policy_applied"').length - 1
}

test("a policy is applied whole with its event, and is there after a restart as it was written", async () => {
  await using server = await TestServer.start()
  assert.deepEqual(await show(server), { version: 0, text: "", appliedAt: null, appliedBy: null, problem: null })
  const dry = await apply(server, TEXT, true)
  assert.deepEqual([dry.version, dry.applied], [0, false])
  assert.ok(dry.changes.some(({ words }) => words.startsWith("account vision is new: ")))
  assert.deepEqual([(await show(server)).version, await policyEvents(server)], [0, 0])
  const { changes, applied, version } = await apply(server, TEXT)
  assert.deepEqual([changes, applied, version], [dry.changes, true, 1])
  await server.stop()
  await server.start()
  const { text, appliedBy } = await show(server)
  assert.deepEqual([text, appliedBy], [TEXT, "admin"])
  assert.deepEqual((await apply(server, TEXT)).version, 1)
  const second = await apply(server, TEXT.replace("50", "60"))
  assert.deepEqual([second.version, second.changes.map(({ words }) => words)], [2, ["account vision: shares 50 -> 60"]])
  assert.equal(await policyEvents(server), 2)
})

test("an empty file is a policy, too: owners go first by it, which is said beforehand and so from then on", async () => {
  await using server = await TestServer.start()
  const [ann, bob] = [{ token: await server.userToken("ann") }, { token: await server.userToken("bob") }]
  const host = await server.hosts.join("alpha", {}, { owner: "ann" })
  host.script = runsOn
  const whole = { resources: { memoryBytes: null, gpus: null, cores: 2 }, timeLimitMs: 3_600_000 }
  const first = await server.submit(whole, ann)
  await server.untilState(first.id, "running")
  const [guest, own] = [await server.submit(whole, bob), await server.submit(whole, ann)]
  const dry = await apply(server, "", true)
  const words = ["owners.first: false -> true", "owners.preempt: false -> true"]
  assert.deepEqual([dry.version, dry.applied, dry.changes.map((one) => one.words)], [0, false, words])
  assert.ok(dry.moves.some(({ job, before, after }) => job === own.id && after!.startAt! < before!.startAt!))
  const real = await apply(server, "")
  assert.deepEqual([real.version, real.applied, real.changes], [1, true, dry.changes])
  assert.deepEqual(
    real.moves.map(({ job }) => job),
    dry.moves.map(({ job }) => job),
  )
  const { version, text, appliedBy } = await show(server)
  assert.deepEqual([version, text, appliedBy, await policyEvents(server)], [1, "", "admin", 1])
  await server.call("POST", `/v1/jobs/${first.id}/stop`, { now: true })
  await server.untilState(own.id, "running")
  assert.equal((await server.job(guest.id)).state, "queued")
  const again = await apply(server, "")
  assert.deepEqual([again.version, again.changes, await policyEvents(server)], [1, [], 1])
})

test("a bad policy is refused whole with line and column, and nothing changes", async () => {
  await using server = await TestServer.start()
  await apply(server, TEXT)
  await assert.rejects(apply(server, `${TEXT}default-qos: hot\nbackfil: off\n`), (error: WindfallError) => {
    assert.equal(error.code, "invalid_input")
    assert.match(error.message, /the policy:4:14: default-qos: there is no QOS "hot"/)
    assert.match(error.message, /the policy:5:1: backfil: unknown key "backfil": did you mean backfill\?/)
    return true
  })
  assert.deepEqual([(await show(server)).text, await policyEvents(server)], [TEXT, 1])
})

test("everybody sees the policy; only administrators apply one", async () => {
  await using server = await TestServer.start()
  const ann = { token: await server.userToken("ann") }
  assert.equal((await server.call<PolicyView>("GET", "/v1/policy", undefined, ann)).version, 0)
  for (const dryRun of [true, false]) {
    await assert.rejects(server.call("POST", "/v1/policy", { text: TEXT, dryRun }, ann), { code: "not_allowed" })
  }
  assert.equal((await show(server)).version, 0)
})

test("a dry run says for which waiting jobs it would plan otherwise, by the real plan, and changes nothing", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const ann = { token: await server.userToken("ann") }
  const bob = { token: await server.userToken("bob") }
  const whole = { resources: { memoryBytes: null, gpus: null, cores: 2 }, timeLimitMs: 3_600_000 }
  // The first takes all there is, so that the others wait.
  const first = await server.submit(whole, bob)
  await server.untilState(first.id, "running")
  const [early, late] = [await server.submit(whole, bob), await server.submit(whole, ann)]
  const events = await policyEvents(server)
  const text = `
accounts: { vision: { users: [ann] }, robots: { users: [bob], limits: { group: { running-jobs: 1 } } } }
default-account: robots
qos: { urgent: { rank: 9, preempts: [normal] } }
partitions: { apple_gpu: { tier: 1 } }
priority: { weights: { age: 0, association: 10 } }
`
  const ranked = text.replace("vision: {", "vision: { rank: 5,")
  const { moves } = await apply(server, ranked, true)
  assert.deepEqual(
    moves.map(({ job, before, after }) => [job, before?.place, after?.place, before?.state, after?.state, after?.code]),
    [
      [late.id, 2, 1, "reserved", "reserved", "resources"],
      [early.id, 1, 2, "reserved", "waits", "limit"],
    ],
  )
  const [moved] = moves
  assert.ok(moved!.after!.startAt! < moved!.before!.startAt!, "it would start sooner")
  assert.match(moved!.words, /^place 2 -> 1; reserved in .* on alpha: .* -> reserved in .* on alpha: /)
  // What the same policy comes to once it holds is what was foretold.
  const real = await apply(server, ranked)
  assert.deepEqual(
    real.moves.map(({ job }) => job),
    [late.id, early.id],
  )
  const again = await apply(server, ranked, true)
  assert.deepEqual([again.moves, again.changes, events], [[], [], 0])
})

test("a dry run lists jobs that are held, or whose time is to come, and may not run by the new policy; why says so once it holds", async () => {
  await using server = await TestServer.start()
  await apply(
    server,
    `${TEXT}  robots: { users: [bob] }\n  guests: {}\ndefault-account: guests\npartitions: { apple_gpu: {}, quick: {} }\n`,
  )
  const bob = { token: await server.userToken("bob") }
  await server.hosts.join("alpha")
  const queue = { ...NO_QUEUE_REQUEST, account: "robots" }
  const beginAt = Date.now() + 3_600_000
  const sent = [
    await server.submit({ queue: { ...queue, beginAt } }, bob),
    await server.submit({ queue: { ...queue, hold: true, partitions: ["quick"] } }, bob),
    await server.submit({ queue: { ...NO_QUEUE_REQUEST, hold: true } }, bob),
  ]
  const [early, held, other] = sent.map(({ id }) => id)
  const less = `${TEXT}  guests: {}\ndefault-account: guests\n`
  const { moves } = await apply(server, less, true)
  const told = moves.map(({ job, after, words }) => [job, after?.code, /-> waits: (there is .*)$/.exec(words)?.[1]])
  assert.deepEqual(told, [
    [early, "not_allowed", "there is no account robots"],
    [held, "not_allowed", "there is no partition quick"],
  ])
  const why = (id: JobId) => server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.equal((await why(early!)).code, "begin_time")
  await apply(server, less)
  const late = await why(early!)
  assert.equal(late.code, "not_allowed")
  assert.match(late.summary, /^There is no account robots \(not to begin before its time, in /)
  assert.deepEqual([late.expected?.none, late.expected?.rests], [true, "as long as there is no account robots"])
  assert.equal((await why(held!)).summary, "There is no partition quick (held by its user)")
  assert.equal((await why(other!)).code, "held")
  const { entries } = await server.call<QueueOrderView>("GET", "/v1/queue/order")
  assert.deepEqual(
    entries.map(({ job, code, startAt }) => [job, code, startAt]),
    [
      [early, "not_allowed", null],
      [held, "not_allowed", null],
      [other, "held", null],
    ],
  )
})

test("a file that an earlier release took and this one cannot read is said not to hold, until one is applied that it can", async () => {
  await using server = await TestServer.start()
  await apply(server, TEXT)
  await server.stop()
  {
    using database = new Database(join(server.folder.at("data"), "windfall.db"))
    database.query((query) => query.updateTable("policies").set({ text: "accounts: 7\n" }))
  }
  await server.start()
  const { text, problem } = await show(server)
  assert.equal(text, "accounts: 7\n")
  assert.match(problem ?? "", /accounts/)
  await apply(server, TEXT)
  assert.equal((await show(server)).problem, null)
})
