import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { ownerObstacleText } from "./obstacle.ts"
import { publicText } from "./public-text.ts"

describe("a reason for everybody", () => {
  it("says until when, and not who paused, whatever they are called", () => {
    for (const by of ["lena", "account 501", "until", "lena until 3", "a\nb"]) {
      const text = ownerObstacleText({ code: "paused", by, untilMs: 18 * 3_600_000 }, 0, "UTC")
      assert.equal(publicText("paused", text), "paused until 18:00", by)
      const forGood = ownerObstacleText({ code: "paused", by, untilMs: null }, 0, "UTC")
      assert.equal(publicText("paused", forGood), "paused until it is resumed", by)
    }
  })

  it("says that somebody is there, and not by what they were noticed", () => {
    const sign = { code: "remote_login", user: "lena", from: "10.0.0.7" } as const
    assert.equal(
      publicText("owner_here", ownerObstacleText({ code: "owner_here", sign }, 0, "UTC")),
      "somebody is at it",
    )
    assert.equal(publicText("on_battery", "on battery"), "on battery")
  })
})
