import assert from "node:assert/strict"
import { test } from "node:test"
import { HOUR_MS, NOW_MS, POLICY, pool } from "../../../test/support/booking-scene.ts"
import type { SimulatedAttempt } from "../../../test/support/simulated-host.ts"
import { HERE } from "../../../test/support/simulated-owner.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { QueueOrderView } from "../../protocol/queue-order.ts"
import { NO_QUEUE_REQUEST, type QueueRequest } from "../../protocol/queue-request.ts"

test("who books is told of a job that is suspended that nobody knows when it ends", async () => {
  await using it = await pool("alpha")
  const { server, hosts, book, bob, send } = it
  const [alpha] = hosts
  assert.ok(alpha !== undefined)
  const { id } = await send(bob, { timeLimitMs: HOUR_MS / 2 })
  await server.untilState(id, "running")
  const [{ order }] = [...alpha.attempts.values()] as [SimulatedAttempt]
  const { attempt, sequence } = order
  alpha.tell({ type: "suspended", attempt, sequence, at: NOW_MS, why: HERE, reactionMs: 1 })
  await server.untilState(id, "suspended")
  await assert.rejects(book({ count: 1 }), {
    code: "wrong_state",
    message: /\(alpha: job 1 there is suspended, and when it ends is not known\)/,
  })
  const { notices } = await book({ hosts: ["alpha"] })
  assert.deepEqual(notices, [
    "job 1 of bob on alpha is suspended, and when it ends is not known: it may be there when it begins, and is not ended for it",
  ])
})

test("a job that could never start in the booking it asks for is refused as it is sent", async () => {
  await using it = await pool("alpha", "beta")
  const { server, book, ann, send } = it
  await book({ hosts: ["alpha"], name: "once" })
  await book({ hosts: ["beta"], name: "daily", repeats: "daily" })
  const at = (hours: number) => NOW_MS + hours * HOUR_MS
  const ask = (booking: string, queue: Partial<QueueRequest>, change: Partial<JobSpec> = {}) =>
    send(ann, { timeLimitMs: HOUR_MS, ...change, queue: { ...NO_QUEUE_REQUEST, booking, ...queue } })
  const late = { code: "invalid_input", message: /could start at 09:00 \(UTC\) at the earliest/ }
  await assert.rejects(ask("once", { deadlineAt: at(1.5) }), late)
  await assert.rejects(ask("daily", { beginAt: at(3), deadlineAt: at(25.5) }), {
    code: "invalid_input",
    message: /could start at Sat 09:00 \(UTC\) at the earliest/,
    hint: "Give it a later --deadline, or a shorter time: --time 30m",
  })
  await assert.rejects(ask("once", { beginAt: at(3) }), {
    code: "invalid_input",
    message: /the booking is over by then/,
  })
  await assert.rejects(ask("once", {}, { host: "beta" }), {
    code: "never_fits",
    message: /host beta, which is not booked/,
  })
  const taken = [
    await ask("once", { deadlineAt: at(2) }, { host: "alpha" }),
    await ask("once", { beginAt: at(2.9) }),
    await ask("daily", { beginAt: at(3), deadlineAt: at(26) }),
  ]
  assert.deepEqual(
    (await Promise.all(taken.map(({ id }) => server.job(id)))).map(({ state }) => state),
    ["queued", "held", "held"],
  )
})

test("a job that waits for its booking, or for its begin time, is told from when on it may start", async () => {
  await using it = await pool("alpha", "beta")
  const { server, book, why, ann, send } = it
  await server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  await book({ hosts: ["beta"], name: "vision" })
  const asking = (queue: Partial<QueueRequest>) =>
    send(ann, { timeLimitMs: HOUR_MS, queue: { ...NO_QUEUE_REQUEST, ...queue } })
  const inIt = await asking({ booking: "vision" })
  const later = await asking({ beginAt: NOW_MS + 2 * HOUR_MS })
  const { entries } = await server.call<QueueOrderView>("GET", "/v1/queue/order")
  for (const [{ id }, code, startAt] of [
    [inIt, "booking_to_come", NOW_MS + HOUR_MS],
    [later, "begin_time", NOW_MS + 2 * HOUR_MS],
  ] as const) {
    const { code: found, expected } = await why(id)
    assert.deepEqual([found, expected?.from, expected?.to, expected?.estimate], [code, startAt, startAt, true])
    const inQueue = entries.find(({ job }) => job === id)
    assert.deepEqual([inQueue?.startAt, inQueue?.estimate, inQueue?.place], [startAt, true, null])
  }
  assert.deepEqual((await why(inIt.id)).expected?.hosts, ["beta"])
})

test("a job may wait for a booking that is weeks ahead", async () => {
  await using it = await pool("alpha")
  const { server, book, why, ann, send } = it
  await server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  const startAt = NOW_MS + 20 * 24 * HOUR_MS
  await book({ hosts: ["alpha"], name: "far", startAt })
  const { id } = await send(ann, { timeLimitMs: HOUR_MS, queue: { ...NO_QUEUE_REQUEST, booking: "far" } })
  assert.equal((await why(id)).code, "booking_to_come")
})
