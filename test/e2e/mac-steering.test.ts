import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { readOutput } from "../../src/facts/read-output.ts"
import { type Lab, type LabHost, type LabMac, MACS, startLab } from "../lab/lab.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { LabShell } from "../support/lab-shell.ts"

const skip = (await findLabMode()) === "ports" && "this account may not make namespaces here"

describe("a simulated Mac that is steered", { timeout: 600_000, skip }, () => {
  let lab: Lab
  let host: LabHost
  let mac: LabMac
  let shell: LabShell
  before(async () => {
    lab = await startLab({ hosts: [{ kind: "mac", mac: MACS.max }] })
    host = lab.hosts[0] as LabHost
    mac = host.mac
    shell = new LabShell(host)
  })
  after(async () => {
    await shell?.[Symbol.asyncDispose]()
    await lab?.[Symbol.asyncDispose]()
  })
  const facts = async (command: string) => readOutput(`${await shell.run(command)}\n`).sheet
  const idleMs = async () => (await facts("/usr/sbin/ioreg -r -d 1 -c IOHIDSystem")).number("idleMs") ?? -1
  const root = () => facts("/usr/sbin/ioreg -n Root -d 1")
  const wakeTime = async () => Number(/sec = (\d+)/.exec(await shell.run("/usr/sbin/sysctl -n kern.waketime"))?.[1])

  test("its owner returns, leaves and locks; another one takes the screen; an account's own console is its own", async () => {
    assert.ok((await idleMs()) >= 90 * 60_000)
    mac.owner("returns")
    assert.ok((await idleMs()) < 30_000)
    assert.deepEqual([(await root()).text("consoleUser"), (await root()).truth("isScreenLocked")], ["lena", false])
    mac.owner("leaves", { idleMs: 600_000 })
    mac.owner("locks")
    assert.ok((await idleMs()) >= 600_000)
    assert.equal((await root()).truth("isScreenLocked"), true)
    mac.owner("switches")
    assert.equal((await root()).text("consoleUser"), "marek")
    const isOwn = `[ -O "$(readlink -f /dev/console)" ] && echo own || echo not`
    assert.equal(await shell.run(isOwn), "not")
    mac.owner("returns", { user: host.user })
    assert.equal(await shell.run(isOwn), "own")
    mac.owner("logsOut")
    assert.equal((await root()).truth("hasConsoleUser"), false)
  })

  test("power, display, a call, a login, memory, GPU and link are as they were turned", async () => {
    mac.power("battery", 62)
    assert.equal((await facts("/usr/bin/pmset -g batt")).number("batteryPercent"), 62)
    mac.display("on")
    const lit = async () => (await facts("/usr/bin/pmset -g systemstate")).truth("isDisplayPowered")
    assert.equal(await lit(), true)
    await shell.run("/usr/bin/pmset displaysleepnow")
    assert.equal(await lit(), false)
    assert.equal(mac.records("pmset").length, 1)
    const hangUp = mac.assertion({ process: "zoom.us", kind: "video" })
    const call = async () =>
      (await facts("/usr/bin/pmset -g assertions")).number("assertionLevel", "PreventUserIdleDisplaySleep")
    assert.equal(await call(), 1)
    hangUp()
    assert.equal(await call(), 0)
    const logOut = mac.login({ user: "lena", from: "192.168.1.20" })
    assert.equal((await facts("/usr/bin/who")).text("loginFrom", "ttys001"), "192.168.1.20")
    logOut()
    mac.memory({ pressure: 4, freeBytes: 3 * 1024 ** 3 })
    const memory = await facts("/usr/bin/vm_stat")
    assert.ok((memory.number("memoryAvailableBytes") ?? Number.MAX_VALUE) <= 3 * 1024 ** 3)
    mac.gpuBusy(87)
    assert.equal((await facts("/usr/sbin/ioreg -r -d 1 -w 0 -c IOAccelerator")).number("gpuBusyPercent"), 87)
    mac.link("10gbe")
    mac.link("thunderbolt", "Mac15,14")
    assert.equal((await facts("/sbin/ifconfig -a")).number("linkMbps", "en7"), 10_000)
    const peers = await facts("/usr/sbin/system_profiler SPThunderboltDataType -json")
    assert.deepEqual(peers.value("thunderboltPeers"), ["Mac15,14"])
  })

  test("a dark wake and sleep: idle time begins anew, or stands still", async () => {
    mac.owner("returns")
    mac.owner("leaves", { idleMs: 1_000_000 })
    const before = await idleMs()
    const began = Date.now()
    await mac.sleep(1_500)
    const after = await idleMs()
    assert.ok(after - before < Date.now() - began - 1_000, `${before} to ${after} in ${Date.now() - began}`)
    assert.ok((await wakeTime()) * 1000 >= began + 500)
    assert.match(await shell.run("/usr/bin/pmset -g log"), / Sleep .*\n.* Wake /)
    mac.darkWake()
    assert.ok((await idleMs()) < 30_000)
    assert.equal((await facts("/usr/bin/pmset -g systemstate")).truth("isDisplayPowered"), false)
  })

  test("a panic: another boot, and a report that anybody can read", async () => {
    const boot = () => shell.run("/usr/sbin/sysctl -n kern.bootsessionuuid; /usr/sbin/sysctl -n kern.boottime")
    const before = await boot()
    const name = await mac.panic()
    assert.notEqual(await boot(), before)
    assert.deepEqual(readdirSync(mac.reports), [name])
    assert.match(await shell.run("head -n 1 /Library/Logs/DiagnosticReports/*.panic"), /^\{"bug_type":"210"/)
  })

  test("caffeinate lives as long as what it waits for, and is told as who keeps the Mac awake", async () => {
    const script = `sleep 30 & pid=$!; /usr/bin/caffeinate -i -s -w $pid & keeper=$!
      /usr/bin/perl -e 'select undef, undef, undef, 0.3'; /usr/bin/pmset -g assertions; kill $pid; wait $keeper; echo ended $?`
    const said = await shell.run(script)
    assert.match(said, /\(caffeinate\): \[0x[0-9a-f]{16}\] \S+ PreventUserIdleSystemSleep/)
    assert.match(said, /\(caffeinate\): \[0x[0-9a-f]{16}\] \S+ PreventSystemSleep/)
    assert.match(said, /ended 0$/)
    assert.match(mac.records("caffeinate").at(-1)?.words.join(" ") ?? "", /^-i -s -w \d+$/)
  })

  test("what only Linux has fails there, and is noted; what people share is shared", async () => {
    const gnu = ["ls --color", "stat -c %s .", "date -d now", "cp --reflink a b", "ps --forest", "find . -printf x"]
    for (const command of gnu) assert.match(await shell.run(`${command} 2>&1 || echo refused`), /refused$/, command)
    assert.deepEqual(
      new Set(mac.records("gnu").map(({ words }) => words[0])),
      new Set(["ls", "stat", "date", "cp", "ps", "find"]),
    )
    const prctl = "/usr/bin/perl -e 'print syscall(157, 36, 1, 0, 0, 0) < 0 ? qq(no $^O) : qq(yes)'"
    assert.equal(await shell.run(prctl), "no darwin")
    await shell.run("mkdir /Users/Shared/Windfall && echo hello >/Users/Shared/Windfall/Now.txt")
    assert.equal(readFileSync(join(mac.sharedFolder, "Windfall/Now.txt"), "utf8"), "hello\n")
  })
})
