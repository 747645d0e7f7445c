import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { vmStatText } from "../../../test/support/vm-stat-text.ts"
import { known, unknown } from "../../presence/reading.ts"
import {
  type Answer,
  assertionsOf,
  availableOf,
  consoleOf,
  displayOf,
  idleOf,
  lockOf,
  loginsOf,
  lowPowerOf,
  powerOf,
  sysctlOf,
} from "./look-text.ts"

const ofMac = (answer: Answer) => availableOf(answer, 16 * 1024 ** 3)
const said = (text: string, status = 0): Answer => known({ text, status })

describe("what commands say of a Mac", () => {
  it("tells who holds the display, and when the system forgets that somebody was active", () => {
    const text = `2026-08-16 14:02:11 +1000
Assertion status system-wide:
   BackgroundTask                 0
   PreventUserIdleDisplaySleep    1
Listed by owning process:
   pid 143(powerd): [0x0000000c00098000] 00:00:34 UserIsActive named: "com.apple.iohideventsystem.queue.tickle serviceID:1000003ac"
        Timeout will fire in 86 secs Action=TimeoutActionRelease
   pid 3627(zoom.us): [0x0000123400098765] 04:12:10 PreventUserIdleDisplaySleep named: "a call"
   pid 500(Music): [0x0000567800012345] 00:22:33 PreventUserIdleSystemSleep named: "com.apple.Music.playback"
        Timeout will fire in 600 secs Action=TimeoutActionRelease
`
    assert.deepEqual(assertionsOf(said(text)), {
      known: true,
      value: { displayHolders: [{ pid: 3627, process: "zoom.us" }], activeForMs: { known: true, value: 86_000 } },
    })
    const cut = text.replace(/ {3}pid 3627.*\n/, "")
    assert.equal(assertionsOf(said(cut)).known, false, "something holds it, and is not told")
    assert.equal(assertionsOf(said(text.replace(/.*secs.*\n/g, ""))).known, true)
  })

  it("tells who is at the console by number where there is no name, and who is behind", () => {
    const session = (uid: number, isShown: boolean, name = "") =>
      `{"kCGSSessionOnConsoleKey"=${isShown ? "Yes" : "No"},"kCGSSessionUserIDKey"=${uid}${name}}`
    const root = (users: string) =>
      said(
        `+-o Root  <class IORegistryEntry, id 0x100000100, retain 37>\n    {\n      "IOConsoleLocked" = No\n      "IOConsoleUsers" = (${users})\n    }\n`,
      )
    const named = session(502, false, ',"kCGSSessionUserNameKey"="ben"')
    assert.deepEqual(consoleOf(root(`${session(501, true)},${named}`)), {
      known: true,
      value: { person: { uid: 501, name: null }, switchedOut: [{ uid: 502, name: "ben" }] },
    })
    assert.deepEqual(consoleOf(root("")), { known: true, value: { person: null, switchedOut: [] } })
    assert.deepEqual(consoleOf(unknown("no answer within 2000 ms")), {
      known: false,
      reason: "no answer within 2000 ms",
    })
  })

  it("tells logins from elsewhere in whatever form they say where from", () => {
    const who = `anna     console  Feb  7 23:32
anna     ttys001  Feb 11 21:25
anna     ttys002  Feb 11 21:25  (192.168.1.20)
ben      ttys003  Feb 11 21:25  (fe80::1%en0 via mosh [1234])
`
    assert.deepEqual(loginsOf(said(who)), {
      known: true,
      value: [
        { user: "anna", terminal: "ttys002", from: "192.168.1.20" },
        { user: "ben", terminal: "ttys003", from: "fe80::1%en0 via mosh [1234]" },
      ],
    })
    assert.deepEqual(loginsOf(said("")), { known: true, value: [] })
    assert.equal(loginsOf(said("anna ttys002 Feb 11 21:25 (192.1")).known, false)
    assert.equal(loginsOf(said("", 127)).known, false)
  })

  it("does not believe memory that cannot be true", () => {
    const pages = { free: 100_000, active: 400_000, inactive: 300_000, speculative: 100_000, wired: 110_000 }
    assert.deepEqual(ofMac(said(vmStatText(pages))), known(350_000 * 16_384))
    const purgeable = ofMac(said(vmStatText({ ...pages, purgeable: 900_000 })))
    assert.equal(
      purgeable.known ? "" : purgeable.reason,
      "of vm_stat: 900000 pages are purgeable, and 800000 on the queues",
    )
    const more = ofMac(said(vmStatText({ ...pages, free: 300_000 })))
    assert.match(more.known ? "" : more.reason, /more than this Mac has/)
    const damaged = ofMac(said(vmStatText(pages).replace(/(Anonymous pages: +)\d/, "$19")))
    assert.match(damaged.known ? "" : damaged.reason, /on the queues/)
  })

  it("gives readings for whatever is printed, and never throws", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.constantFrom("", "\n", "Now drawing from 'AC Power'\n", '"HIDIdleTime" = 5\n'),
    )
    fc.assert(
      fc.property(texts, fc.constantFrom(0, 1, 127), (text, status) => {
        const answer = said(text, status)
        for (const read of [idleOf, lockOf, consoleOf, displayOf, assertionsOf, loginsOf, lowPowerOf, ofMac]) {
          const reading = read(answer)
          assert.ok(reading.known || reading.reason.length > 0)
        }
        const { power } = powerOf(answer)
        assert.ok(power.known || power.reason.length > 0)
        assert.equal(sysctlOf(answer).load.known, false)
      }),
    )
  })
})
