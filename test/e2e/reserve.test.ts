import assert from "node:assert/strict"
import { test } from "node:test"
import type { BookingMade, BookingView } from "../../src/protocol/booking.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 2 })

test("a booked host is left to whom it is for; the calendar shows it; a removed booking lets others in", async () => {
  const run = async (...words: string[]) => {
    const ended = await pool().windfall(words)
    assert.equal(ended.exitCode, 0, ended.stderr)
    return ended
  }
  await pool().api("POST", "/v1/users", { name: "ann", role: "user" })
  const made = await run("reserve", "--nodes", "1", "--for", "3h", "--users", "ann", "--name", "vision", "--json")
  const { booking } = JSON.parse(made.stdout) as BookingMade
  assert.deepEqual([booking.name, booking.state, booking.hosts.length], ["vision", "now", 1])
  const [kept] = booking.hosts.map(({ name }) => name)
  const other = kept === "host1" ? "host2" : "host1"

  const elsewhere = await pool().submit({ command: ["true"] })
  assert.equal((await pool().awaitJob(elsewhere.id)).attempts[0]?.hostName, other)
  assert.match((await run("host", "show", kept!)).stdout, /^booked +now to \S+ .*: vision \(ann\)$/m)
  const waiting = await pool().submit({ command: ["true"], host: kept! })
  const why = await run("why", `${waiting.id}`)
  assert.match(why.stdout, /kept for vision until \S+/)
  const refused = await pool().windfall(["send", "--no-folder", "--reservation", "vision", "--", "true"])
  assert.equal(refused.exitCode, 2)
  assert.match(refused.stderr, /Cannot send the job to the booking vision: it is for ann/)

  const overlap = await pool().windfall(["reserve", "--hosts", kept!, "--for", "1h", "--maintenance"])
  assert.equal(overlap.exitCode, 2)
  assert.match(overlap.stderr, /vision, made by \S+, has it from/)
  const daily = ["reserve", "--hosts", other, "--from", "2028-03-25 02:30", "--for", "1h", "--every", "daily"]
  const night = await run(...daily, "--until", "2028-04-01", "--zone", "Europe/Berlin", "--maintenance")
  assert.match(night.stderr, /On 2028-03-26 the clock in Europe\/Berlin jumps over 02:30: it begins at 03:00 that day/)
  await run("reserve", "skip", "maintenance-1", "2028-03-27")
  const shown = JSON.parse((await run("reserve", "show", "maintenance-1", "--json")).stdout) as BookingView
  assert.deepEqual(
    shown.times.map(({ skipped }) => skipped),
    [false, false, true, false, false, false, false],
  )
  const moved = await run("reserve", "set", "maintenance-1", "--from", "2028-03-26T02:30")
  assert.match(moved.stdout, /2028-03-26 03:00 to .*\n.*2028-03-27 02:30 to .*left out\n.*2028-03-28 02:30 to /)
  assert.match(
    moved.stderr,
    /^windfall: On 2028-03-26 the clock in Europe\/Berlin jumps over 02:30: it begins at 03:00 that day\n$/,
  )
  const calendar = await run("reserve", "ls", "--calendar")
  assert.match(calendar.stdout, new RegExp(`^${kept} .*a.*\\na {2}vision: ann$`, "m"))
  assert.match((await run("reserve", "ls")).stdout, /^vision .*\nmaintenance-1 /m)

  await run("reserve", "rm", "vision")
  assert.equal((await pool().awaitJob(waiting.id)).state, "succeeded")
  const events = await run("events")
  assert.match(events.stdout, /booking vision was removed/)
  const unknown = await pool().windfall(["reserve", "rm", "vison"])
  assert.equal(unknown.exitCode, 2)
})

test("a job that is sent to a booking waits for it", async () => {
  await pool().windfall([
    "reserve",
    "--nodes",
    "1",
    "--from",
    "now+1day",
    "--for",
    "1h",
    "--users",
    "ann",
    "--name",
    "later",
  ])
  const { token } = await pool().api<{ token: string }>("POST", "/v1/tokens", { user: "ann", expiresInMs: null })
  const sent = await pool().windfall(
    ["send", "--no-folder", "--detach", "--json", "--reservation", "later", "--", "true"],
    {
      token,
    },
  )
  assert.equal(sent.exitCode, 0, sent.stderr)
  const [, id = ""] = /"(?:id|job)":(\d+)/.exec(sent.stdout) ?? []
  assert.match((await pool().windfall(["why", id])).stdout, /the booking later begins at/)
})
