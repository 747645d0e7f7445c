import assert from "node:assert/strict"
import { test } from "node:test"
import { HOUR_MS, NOW_MS, pool } from "../../../test/support/booking-scene.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobView } from "../../protocol/job.ts"
import type { ChangeNotices } from "../../protocol/queue-request.ts"

const LAB = "accounts: { lab: { users: [ann, bob], coordinators: [cem] }, default: {} }\ndefault-account: default\n"

test("more time for a running job, into a booking of others, only who may change that gives, and is told", async () => {
  await using it = await pool("alpha")
  const { server, book, bob, send } = it
  await server.call("POST", "/v1/policy", { text: LAB, dryRun: false })
  const [cem, admin] = [await server.userToken("cem"), server.adminToken]
  const { id } = await send(bob, { timeLimitMs: HOUR_MS / 2 })
  await server.untilState(id, "running")
  await book({ hosts: ["alpha"], name: "m1", users: [], maintenance: true })
  const day = 24 * HOUR_MS
  await book({ hosts: ["alpha"], name: "course", users: ["ann"], startAt: NOW_MS + day, repeats: "daily" }, cem)
  const limit = (job: JobId, hours: number | null, token: string) =>
    server.call<JobView & ChangeNotices>(
      "POST",
      `/v1/jobs/${job}/time`,
      { timeLimitMs: hours === null ? null : hours * HOUR_MS },
      { token },
    )
  assert.equal((await limit(id, 1, cem)).notices, undefined)
  await assert.rejects(limit(id, 2, cem), {
    code: "not_allowed",
    message: /so much time: it would run into maintenance \(m1\) on alpha from 09:00 \(UTC\), in 1h 00m$/,
    hint: "Give it less, or ask admin, who made the booking, or an administrator",
  })
  assert.equal((await server.job(id)).standing?.timeLimitMs, HOUR_MS)
  const text = "job 1 may run into maintenance (m1) on alpha from 09:00 (UTC), in 1h 00m: it is not ended for it"
  assert.deepEqual((await limit(id, 2, admin)).notices, [text])
  // Each once, however often it comes again.
  assert.deepEqual((await limit(id, null, admin)).notices, [
    text,
    "job 1 may run into the booking course on alpha from Sat 08:00 (UTC), in 24h 00m: it is not ended for it",
  ])
  // Less time, and what was made for the job's user, is nobody's hindrance.
  assert.equal((await limit(id, 3, admin)).notices, undefined)
  await server.call("DELETE", "/v1/bookings/m1")
  await server.call("DELETE", "/v1/bookings/course")
  await book({ hosts: ["alpha"], name: "bobs", users: ["bob"] })
  assert.equal((await limit(id, 8, cem)).notices, undefined)
  await server.call("DELETE", "/v1/bookings/bobs")
  await book({ hosts: ["alpha"], name: "anns", users: ["ann"], startAt: NOW_MS + 9 * HOUR_MS }, cem)
  assert.match((await limit(id, 10, cem)).notices?.[0] ?? "", /the booking anns on alpha from 17:00/)
  const told = await server.windfall(["time", `${id}`, "11h"])
  assert.match(told.stderr, /^windfall: job 1 may run into the booking anns on alpha /)
  assert.equal(told.exitCode, 0)
  const events = await server.call<{ events: { type: string; what?: string }[] }>("GET", `/v1/events?job=${id}`)
  assert.ok(events.events.some(({ what }) => /-> 11h 00m; it may run into the booking anns/.test(what ?? "")))
})
