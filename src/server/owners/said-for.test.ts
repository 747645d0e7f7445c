import assert from "node:assert/strict"
import { test } from "node:test"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { HostView } from "../../protocol/host.ts"
import { standingOf } from "../../protocol/host-standing.ts"
import { NO_LEVER } from "../../protocol/owner.ts"
import type { OwnerView } from "../../protocol/owner-api.ts"

test("others than the owner and administrators see a Mac's terms, and not who said what nor whom its rules name", async () => {
  await using server = await TestServer.start()
  const [mia, ben, eve] = [await server.userToken("mia"), await server.userToken("ben"), await server.userToken("eve")]
  await server.hosts.join("alpha", {}, { owner: "mia", consoleAccount: "mia.w" })
  const rules = { who: "eve", never: "12:00-13:30" }
  await server.call("POST", "/v1/hosts/alpha/owner/rules", { rules }, { token: mia })
  await server.call("POST", "/v1/hosts/alpha/owner/pause", { until: null }, { token: mia })
  for (const [token, isOwn, takes] of [
    [mia, true, true],
    [server.adminToken, true, false],
    [ben, false, false],
    [eve, false, true],
  ] as const) {
    const host = await server.call<HostView>("GET", "/v1/hosts/alpha", undefined, { token })
    const view = await server.call<OwnerView>("GET", "/v1/hosts/alpha/owner", undefined, { token })
    const { events } = await server.call<{ events: WindfallEvent[] }>("GET", "/v1/events", undefined, { token })
    const said = events.flatMap((event) => (event.type === "host_lever" ? [`${event.actor}: ${event.what}`] : []))
    for (const seen of [host, view]) {
      const rule = (name: string) => seen.policy.find((one) => one.name === name)
      assert.deepEqual([rule("never")?.value, rule("never")?.by], ["12:00-13:30", isOwn ? "mia" : null])
      assert.equal(rule("who")?.value, isOwn ? "eve" : undefined)
      assert.equal(seen.consoleAccount, isOwn ? "mia.w" : null)
      if (!isOwn) assert.deepEqual(seen.lever, NO_LEVER)
      assert.match(seen.obstacles[0]?.text ?? "", isOwn ? /^paused by mia until/ : /^paused until/)
    }
    assert.equal(host.takesYours, takes)
    const names = JSON.stringify([host.policy, host.lever, view, said])
    if (token === ben) {
      assert.deepEqual(standingOf(host), { code: "closed", text: "its rules do not let your jobs run there (who)" })
      assert.equal(view.closed, "its rules do not let your jobs run there (who)")
      assert.doesNotMatch(names, /\beve\b|mia\.w/)
    }
    const who = isOwn ? "mia" : "somebody who may"
    assert.deepEqual(said, [
      `${who}: who: ${isOwn ? "eve" : "said anew"}; never: 12:00-13:30`,
      `${who}: paused until it is resumed`,
    ])
  }
})
