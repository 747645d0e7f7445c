import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { GIB, HOUR_MS, later, MINUTE_MS, NOON } from "../../test/support/presence-scenes.ts"
import { type JobHere, type LentFacts, lastDaysText, mondayLine, type NowFacts, nowText } from "./owner-folder.ts"

const DAY_MS = 24 * HOUR_MS
const job: JobHere = {
  job: 41,
  name: "train",
  user: "ben",
  sinceMs: NOON.wallMs - 3 * HOUR_MS,
  memoryBytes: 48 * GIB,
  usesGpu: true,
  state: "running",
  stateSinceMs: NOON.wallMs - 3 * HOUR_MS,
  why: null,
}
const facts: NowFacts = {
  host: "mac-3",
  now: NOON,
  timeZone: "Europe/Berlin",
  presence: { state: "away", since: later(-42 * MINUTE_MS) },
  onReturn: "suspend",
  startObstacles: [],
  closed: null,
  jobs: [job],
}

describe("nowText()", () => {
  it("says who is on the Mac, with what, since when, and how to stop it", () => {
    assert.equal(
      nowText(facts),
      `Windfall on mac-3, Fri 27 Nov 13:00

Job 41 (train) of ben, here since 10:00, with 48 GB and the GPU

You: away for 42m 00s
New jobs: may start.

To stop it, double-click in this folder:
  "Pause 2 hours.command": all jobs stop at once, and none starts for two hours
  "Not today.command": the same until the night
  "Leave the pool.command": this Mac is no longer lent, and all of Windfall is removed from it

Coming back is enough, too: jobs stop while you use it.
`,
    )
  })

  it("says why a job is stopped and none starts", () => {
    const text = nowText({
      ...facts,
      presence: { state: "here", since: NOON, sign: { code: "display_held", process: "zoom.us" } },
      startObstacles: [
        { code: "paused", by: "anna", untilMs: NOON.wallMs + HOUR_MS },
        { code: "owner_here", sign: { code: "input" } },
      ],
      jobs: [
        {
          ...job,
          name: null,
          usesGpu: false,
          state: "suspended",
          stateSinceMs: NOON.wallMs,
          why: { code: "owner_here", sign: { code: "input" } },
        },
      ],
    })
    assert.match(
      text,
      /^Job 41 of ben, here since 10:00, with 48 GB: stopped since 13:00 \(somebody is at it: keyboard or mouse in use\)$/m,
    )
    assert.match(text, /^You: here \(zoom\.us keeps the display on\)$/m)
    assert.match(text, /^New jobs: none for now: paused by anna until 14:00\.\n {2}Also: somebody is at it/m)
  })

  it("does not promise what the policy does not do", () => {
    assert.match(nowText({ ...facts, closed: "no server" }), /^New jobs: none for now: no server\.$/m)
    assert.match(nowText({ ...facts, onReturn: "yield" }), /the GPU knows no priority/)
    assert.match(nowText({ ...facts, onReturn: "ignore" }), /^Jobs go on while you use it\.$/m)
    assert.match(nowText({ ...facts, jobs: [], presence: null }), /^No job runs here\.$/m)
  })

  it("keeps what others have named on its line", () => {
    const name = "a\u001b[2J\n\nNew jobs: \u202egpj.exe"
    const text = nowText({ ...facts, jobs: [{ ...job, name }] })
    assert.match(text, /^Job 41 \(a \[2J New jobs: gpj\.exe\) of ben/m)
  })
})

describe("the record for the owner", () => {
  const lent: LentFacts = {
    fromMs: NOON.wallMs - 30 * DAY_MS,
    toMs: NOON.wallMs,
    timeZone: "Europe/Berlin",
    users: [
      { user: "carla", ranMs: 11.4 * HOUR_MS, jobs: 1 },
      { user: "ben", ranMs: 30 * HOUR_MS, jobs: 4 },
    ],
    stops: [
      { atMs: NOON.wallMs - DAY_MS, reactionMs: 420, vacated: true },
      { atMs: NOON.wallMs - 2 * DAY_MS, reactionMs: 310, vacated: false },
    ],
    lentMs: 41 * HOUR_MS,
  }
  const never: LentFacts = { ...lent, users: [], stops: [], lentMs: 0 }

  it("tells hours lent, to whom, how often jobs stepped aside, and how slow the slowest was", () => {
    assert.equal(
      lastDaysText("mac-3", lent),
      `mac-3, Wed 28 Oct to Fri 27 Nov

Lent: 41 hours to 2 people
  ben: 30 hours, 4 jobs
  carla: 11 hours, 1 job

Stepped aside for you: 2 times, 1 of them for good
Slowest: 420 ms, on Thu 26 Nov at 13:00
`,
    )
    assert.match(lastDaysText("mac-3", never), /^Lent: 0 minutes to 0 people\n\nStepped aside for you: 0 times\n$/m)
  })

  it("is one line on Mondays", () => {
    assert.equal(
      mondayLine("mac-3", lent),
      "mac-3 was lent for 41 hours last week, to 2 people, and stepped aside 2 times, at the slowest in 420 ms.",
    )
    assert.equal(mondayLine("mac-3", never), "mac-3 was not used by jobs last week.")
    assert.equal(
      mondayLine("mac-3", { ...lent, users: lent.users.slice(1), stops: [], lentMs: 1.5 * HOUR_MS }),
      "mac-3 was lent for 1.5 hours last week, to 1 person, and never had to step aside.",
    )
    const [stop] = lent.stops
    assert.equal(
      mondayLine("mac-3", { ...lent, stops: [{ ...stop!, reactionMs: null }] }),
      "mac-3 was lent for 41 hours last week, to 2 people, and stepped aside 1 time.",
    )
  })
})
