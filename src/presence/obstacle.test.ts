import assert from "node:assert/strict"
import { describe, it } from "node:test"
import {
  CONDITIONS,
  DARK,
  HOUR_MS,
  later,
  MINUTE_MS,
  NOON,
  NOT_TOLD,
  policyWith,
  quietFor,
  SECOND_MS,
  sceneWith,
  typing,
  watchOf,
} from "../../test/support/presence-scenes.ts"
import { maySleepDisplay } from "./display.ts"
import { ownerObstacleText, type Scene, startObstacles } from "./obstacle.ts"
import type { Pause } from "./pause.ts"
import { readPolicy } from "./policy-values.ts"
import { known } from "./reading.ts"
import { whyText } from "./why.ts"

const BERLIN = "Europe/Berlin"
const anna: Pause = { untilMs: NOON.wallMs + 2 * HOUR_MS, sinceMs: NOON.wallMs, by: "anna", speaker: "owner" }
const battery = { ...CONDITIONS, power: known("battery" as const), chargePercent: known(60) }
const rules = (values: Record<string, string>) => policyWith(readPolicy(values))

describe("startObstacles()", () => {
  const away = quietFor(HOUR_MS)
  const rows: [string, Partial<Scene>, string[]][] = [
    ["nobody there for an hour", {}, []],
    [
      "away for just 15 minutes",
      { watch: quietFor(15 * MINUTE_MS) },
      ["owner_away_too_short: nobody since 12:45: jobs start 15m 00s after that"],
    ],
    ["away for longer", { watch: quietFor(15 * MINUTE_MS + 1) }, []],
    ["somebody types", { watch: typing() }, ["owner_here: somebody is at it: keyboard or mouse in use"]],
    ["somebody types, and that does not matter", { watch: typing(), policy: policyWith({}, "nobodys") }, []],
    [
      "no look yet",
      { watch: undefined },
      ["presence_unknown: whether somebody is at it is not known: nobody has looked yet"],
    ],
    [
      "one look so far",
      { watch: watchOf([[0, {}]]) },
      ["presence_unknown: whether somebody is at it is not known: nobody showed at 1 of the 3 looks that it takes"],
    ],
    [
      "a look too old",
      { watch: away, now: later(15_001) },
      ["presence_unknown: whether somebody is at it is not known: the last look is 15.0 s old"],
    ],
    ["a look not too old", { watch: away, now: later(15_000) }, []],
    [
      "a dark wake",
      { watch: watchOf([[SECOND_MS, { ...DARK, idleMs: 500 }]], { before: away }), now: later(SECOND_MS) },
      [
        "presence_unknown: whether somebody is at it is not known: there was input at a locked, dark Mac, as in a dark wake: within a minute it is clear whose",
      ],
    ],
    [
      "a look that cannot tell",
      { watch: watchOf([[SECOND_MS, { remoteLogins: NOT_TOLD }]], { before: away }), now: later(SECOND_MS) },
      ["presence_unknown: whether somebody is at it is not known: the last look could not tell"],
    ],
    ["paused", { pauses: [anna] }, ["paused: paused by anna until 15:00"]],
    ["paused for good", { pauses: [{ ...anna, untilMs: null }] }, ["paused: paused by anna until it is resumed"]],
    [
      "a pause that is over",
      { pauses: [anna], now: later(2 * HOUR_MS), watch: quietFor(HOUR_MS, later(2 * HOUR_MS)) },
      [],
    ],
    [
      "outside hours",
      { policy: rules({ hours: "weekdays 18:00-09:00, weekends" }) },
      ["outside_hours: outside its owner's hours until 18:00"],
    ],
    [
      "outside hours, by another time zone",
      { policy: rules({ hours: "weekdays 18:00-09:00", time_zone: "Asia/Tokyo" }) },
      [],
    ],
    [
      "in a never",
      { policy: rules({ never: "12:00-13:30" }), now: NOON },
      ["outside_hours: outside its owner's hours until 13:30"],
    ],
    [
      "closed for good",
      { policy: rules({ never: "daily" }) },
      ["outside_hours: its owner's hours leave no time for jobs"],
    ],
    ["on battery", { conditions: battery }, ["on_battery: on battery, charged 60%"]],
    ["on battery, charged enough", { conditions: battery, policy: rules({ on_battery: "above 59%" }) }, []],
    [
      "on battery, not charged above",
      { conditions: battery, policy: rules({ on_battery: "above 60%" }) },
      ["on_battery: on battery, charged 60%"],
    ],
    [
      "on battery, charge not told",
      { conditions: { ...battery, chargePercent: NOT_TOLD }, policy: rules({ on_battery: "above 0%" }) },
      ["on_battery: on battery"],
    ],
    ["on a UPS", { conditions: { ...CONDITIONS, power: known("ups") } }, ["on_battery: on a UPS"]],
    [
      "power not told",
      { conditions: { ...CONDITIONS, power: NOT_TOLD } },
      ["power_unknown: whether it is on battery is not known: the command timed out"],
    ],
    [
      "power not told, and does not matter",
      { conditions: { ...CONDITIONS, power: NOT_TOLD }, policy: rules({ on_battery: "yes" }) },
      [],
    ],
    [
      "Low Power Mode",
      { conditions: { ...CONDITIONS, lowPowerMode: known(true) } },
      ["low_power_mode: in Low Power Mode"],
    ],
    [
      "Low Power Mode, allowed",
      { conditions: { ...CONDITIONS, lowPowerMode: known(true) }, policy: rules({ low_power_mode: "yes" }) },
      [],
    ],
    [
      "load not told, as HTCondor has it",
      { conditions: { ...CONDITIONS, foreignLoad: NOT_TOLD }, policy: policyWith({}, "condor") },
      ["foreign_load: how busy it is is not known"],
    ],
    [
      "all at once, what was said first",
      { pauses: [anna], watch: typing(), conditions: battery },
      [
        "paused: paused by anna until 15:00",
        "owner_here: somebody is at it: keyboard or mouse in use",
        "on_battery: on battery, charged 60%",
      ],
    ],
  ]
  for (const [what, values, expected] of rows) {
    it(what, () => {
      const scene = sceneWith(values)
      const texts = startObstacles(scene).map(
        (each) => `${each.code}: ${ownerObstacleText(each, scene.now.wallMs, BERLIN)}`,
      )
      assert.deepEqual(texts, expected)
    })
  }
})

describe("whyText()", () => {
  it("explains what is done besides", () => {
    const text = (why: Parameters<typeof whyText>[0]) => whyText(why, NOON.wallMs, BERLIN)
    const long = { code: "suspended_too_long", limitMs: 300_000 } as const
    assert.equal(text(long), "somebody was at it, and it was suspended for longer than 5m 00s")
    const pause = { code: "paused", by: "lena", untilMs: null } as const
    assert.equal(
      text({ ...long, behind: pause }),
      "paused until it is resumed, and it was suspended for longer than 5m 00s",
    )
    assert.equal(
      text({ ...long, behind: { code: "on_battery", power: "battery", chargePercent: 40 } }),
      "on battery, charged 40%, and it was suspended for longer than 5m 00s",
    )
    assert.equal(
      text({ code: "memory_needed", reason: "swap has grown by 1 GB" }),
      "its memory is needed: swap has grown by 1 GB",
    )
    assert.equal(text({ code: "evicted" }), "the owner wants all jobs gone")
    assert.equal(text({ code: "foreign_load", load: 1.234 }), "busy with other work: load 1.23")
  })
})

describe("maySleepDisplay()", () => {
  const sleep = policyWith({ display: "sleep" })
  const rows: [string, Partial<Scene>, boolean][] = [
    ["nobody is there and the policy says so", { policy: sleep }, true],
    ["the policy leaves it", {}, false],
    ["somebody is there", { policy: sleep, watch: typing() }, false],
    ["nobody has looked", { policy: sleep, watch: undefined }, false],
    [
      "the last look could not tell",
      { policy: sleep, watch: watchOf([[500, { idleMs: NOT_TOLD }]], { before: quietFor(HOUR_MS) }) },
      false,
    ],
  ]
  for (const [what, scene, may] of rows) it(what, () => assert.equal(maySleepDisplay(sceneWith(scene)), may))
})
