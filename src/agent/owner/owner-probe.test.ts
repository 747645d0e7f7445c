import assert from "node:assert/strict"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { eventually } from "../../../test/support/agent-home.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { type MacState, SteeredMac } from "../../../test/support/steered-mac.ts"
import { ifKnown } from "../../presence/reading.ts"
import { type LookFor, OwnerProbe } from "./owner-probe.ts"

const GIB = 1024 ** 3
const NOBODYS: LookFor = { isHere: false, isBusy: false, ours: async () => new Set() }
const START = Date.now()

class Scene implements Disposable {
  readonly #scratch = new ScratchFolder()
  readonly mac: SteeredMac
  readonly probe: OwnerProbe
  /** Time goes on by this beside the clock. */
  aheadMs = 0

  constructor(state: Partial<MacState> = {}) {
    this.mac = new SteeredMac(this.#scratch.at("mac"), state)
    const now = () => {
      const wallMs = Date.now() + this.aheadMs
      return { wallMs, sleepCountingMs: wallMs - START + 1_000_000 }
    }
    this.probe = new OwnerProbe({ root: this.mac.root, memoryBytes: 64 * GIB, now })
  }

  [Symbol.dispose](): void {
    this.probe[Symbol.dispose]()
    this.#scratch[Symbol.dispose]()
  }
}

describe("OwnerProbe", () => {
  it("sees at its first look all that matters", async () => {
    using scene = new Scene({
      inputAt: Date.now() - 90_000,
      displayHolders: [{ pid: 500, process: "zoom.us", user: "anna" }],
      logins: [{ user: "anna", terminal: "ttys001", typedAt: Date.now() - 5_000 }],
    })
    const { look, conditions, load } = await scene.probe.look(NOBODYS)
    const idleMs = ifKnown(look.idleMs) ?? 0
    assert.ok(idleMs >= 90_000 && idleMs < 120_000, `${idleMs}`)
    assert.deepEqual(look.locked, { known: true, value: false })
    assert.deepEqual(look.console, { known: true, value: { user: "anna", switchedOut: [] } })
    assert.deepEqual(look.display, { known: true, value: "on" })
    assert.deepEqual(look.displayHolds, {
      known: true,
      value: [{ process: "zoom.us", user: "anna", isWindfall: false }],
    })
    const [login] = ifKnown(look.remoteLogins) ?? []
    assert.deepEqual([login?.user, login?.from, login?.isWindfall], ["anna", "10.0.0.7", false])
    assert.ok((ifKnown(login!.idleMs) ?? 0) >= 5_000)
    assert.deepEqual(look.activeUntilMs, { known: true, value: null })
    assert.ok(look.wokeAgoMs.known && look.wokeAgoMs.value > 0, "it never slept: since its start")
    assert.deepEqual(conditions.power, { known: true, value: "mains" })
    assert.deepEqual(conditions.lowPowerMode, { known: true, value: false })
    assert.deepEqual(conditions.pressure, { known: true, value: "normal" })
    assert.deepEqual(load, { known: true, value: 1.28 })
  })

  it("is told what is Windfall's among what holds the display and who is logged in", async () => {
    using scene = new Scene({
      displayHolders: [{ pid: 500, process: "caffeinate", user: "jobs" }],
      logins: [{ user: "jobs", terminal: "ttys004", typedAt: Date.now() }],
    })
    scene.mac.breaks("/bin/ps", `case "$*" in *user=*) echo ' 500 jobs' ;; *ttys004*) echo ' 612'; echo ' 613' ;; esac`)
    const ours = async (pids: readonly number[]) => new Set(pids.filter((pid) => pid === 500 || pid === 613))
    const { look } = await scene.probe.look({ ...NOBODYS, ours })
    assert.deepEqual(ifKnown(look.displayHolds), [{ process: "caffeinate", user: "jobs", isWindfall: true }])
    assert.equal(ifKnown(look.remoteLogins)?.[0]?.isWindfall, true)
  })

  it("with a job looks at once whether somebody who types has unlocked the Mac", async () => {
    using scene = new Scene({ locked: true, display: "asleep" })
    const busy: LookFor = { ...NOBODYS, isBusy: true }
    await scene.probe.look(busy)
    scene.mac.set({ locked: false, display: "on", inputAt: Date.now() })
    scene.aheadMs = 500
    const { look } = await scene.probe.look(busy)
    assert.ok((ifKnown(look.idleMs) ?? 1e9) < 5_000)
    assert.deepEqual([ifKnown(look.locked), ifKnown(look.display)], [false, "on"])
  })

  it("with a job waits for no idle time that hangs, and asks meanwhile whether the system was told of activity", async () => {
    using scene = new Scene()
    const busy: LookFor = { ...NOBODYS, isBusy: true }
    await scene.probe.look(busy)
    scene.mac.breaks("/usr/sbin/ioreg", "sleep 20")
    scene.mac.breaks(
      "/usr/bin/pmset",
      `printf 'Assertion status system-wide:\\n   UserIsActive    1\\nListed by owning process:\\n   pid 160(hidd): [0x0000567800012345] 00:00:01 UserIsActive named: "com.apple.iohideventsystem.queue.tickle"\\n\\tTimeout will fire in 600 secs Action=TimeoutActionRelease\\n'`,
    )
    scene.aheadMs = 1_000
    const begun = performance.now()
    const { look } = await scene.probe.look(busy)
    assert.equal(look.idleMs.known, false)
    assert.ok(
      (ifKnown(look.activeUntilMs) ?? 0) > look.at.sleepCountingMs + 590_000,
      JSON.stringify(look.activeUntilMs),
    )
    assert.ok(performance.now() - begun < 20_000)
  })

  it("notices at the next look who has logged in, and out, though `who` is asked for rarely", async () => {
    using scene = new Scene()
    const users = async (look: LookFor) =>
      ifKnown((await scene.probe.look(look)).look.remoteLogins)?.map(({ user }) => user)
    for (const isBusy of [true, false]) {
      const look = { ...NOBODYS, isBusy }
      assert.deepEqual(await users(look), [])
      scene.mac.set({ logins: [{ user: "anna", terminal: "ttys001", typedAt: Date.now() }] })
      assert.deepEqual(await users(look), ["anna"])
      scene.mac.set({ logins: [] })
      assert.deepEqual(await users(look), [])
    }
  })

  it("notices a login within seconds where the system leaves no mark of it", async () => {
    using scene = new Scene()
    const busy: LookFor = { ...NOBODYS, isBusy: true }
    await scene.probe.look(busy)
    scene.mac.set({ logins: [{ user: "anna", terminal: "ttys001", typedAt: Date.now() }] })
    rmSync(join(scene.mac.root, "var/run/utmpx"))
    assert.deepEqual(ifKnown((await scene.probe.look(busy)).look.remoteLogins), [])
    scene.aheadMs = 2_500
    await eventually(async () => ifKnown((await scene.probe.look(busy)).look.remoteLogins)?.length === 1, "the login")
  })

  it("knows power and memory as they were some seconds ago", async () => {
    using scene = new Scene()
    const busy: LookFor = { ...NOBODYS, isBusy: true }
    await scene.probe.look(busy)
    scene.mac.set({ power: "Battery", lowPower: true, pressure: 4, swapUsedMib: 1024, availableGib: 8 })
    scene.aheadMs = 10_000
    await scene.probe.look(busy)
    // What is slow comes with a look after.
    let seen = await scene.probe.look(busy)
    await eventually(async () => {
      seen = await scene.probe.look(busy)
      return ifKnown(seen.conditions.power) === "battery"
    }, "a look after that")
    const { conditions } = seen
    assert.deepEqual(
      [conditions.power, conditions.chargePercent, conditions.lowPowerMode].map((one) => ifKnown<unknown>(one)),
      ["battery", 80, true],
    )
    assert.deepEqual(
      [conditions.pressure, conditions.swapUsedBytes, conditions.availableBytes].map((one) => ifKnown<unknown>(one)),
      ["critical", GIB, 8 * GIB],
    )
  })

  it("says of each thing that cannot be asked why it is not known, and goes on", async () => {
    using scene = new Scene()
    const { mac, probe } = scene
    mac.breaks("/usr/sbin/ioreg", "exit 1")
    mac.breaks("/usr/bin/pmset", "echo 'Error: \\377garbage'")
    mac.breaks("/usr/bin/who", "printf 'anna ttys001 Nov 27'")
    mac.breaks("/usr/sbin/sysctl", "kill -9 $$")
    const { look, conditions } = await probe.look(NOBODYS)
    for (const reading of [
      look.idleMs,
      look.locked,
      look.console,
      look.display,
      look.displayHolds,
      look.remoteLogins,
    ]) {
      assert.equal(reading.known, false)
      assert.ok(!reading.known && reading.reason.length > 5)
    }
    assert.equal(look.idleMs.known ? "" : look.idleMs.reason, "ioreg ended with status 1")
    for (const reading of [conditions.power, conditions.pressure, conditions.lowPowerMode])
      assert.equal(reading.known, false)
  })

  it("waits for no command that hangs, beside the quick ones not at all", async () => {
    using scene = new Scene()
    scene.mac.breaks("/usr/bin/pmset", 'case "$*" in *assertions*) sleep 1000 ;; esac')
    const { look } = await scene.probe.look(NOBODYS)
    assert.ok(look.idleMs.known)
    assert.equal(look.displayHolds.known, false)
    scene.mac.breaks("/usr/sbin/ioreg", "sleep 1000")
    scene.aheadMs = 6_000
    const blind = await scene.probe.look(NOBODYS)
    assert.match(blind.look.idleMs.known ? "" : blind.look.idleMs.reason, /no answer within 2000 ms/)
  })
})
