import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import type { FactValue } from "../../src/facts/fact.ts"
import { MACS } from "../lab/mac/models.ts"
import { ownerActs } from "../lab/mac/owner-act.ts"
import type { MacState } from "../lab/mac/state.ts"
import {
  BOOT_MS,
  CAN_RUN_MAC_COMMANDS,
  type ExpectedFacts,
  MacCommands,
  macState as mac,
} from "../support/mac-commands.ts"

const GIB = 1024 ** 3
const commands = new MacCommands()
after(() => commands[Symbol.dispose]())
const run = (state: MacState, line: string, input = "") => commands.run(state, line, input)
const says = (state: MacState, line: string, command: string, facts: ExpectedFacts, input = "") =>
  commands.says(state, line, command, facts, input)

const about = (wanted: number, slack: number) => (value: FactValue) =>
  typeof value === "number" && Math.abs(value - wanted) <= slack

describe("a simulated Mac's commands print what is read on real ones", {
  skip: !CAN_RUN_MAC_COMMANDS && "it takes Perl and /proc",
}, () => {
  for (const [name, model] of Object.entries({
    studio: MACS.studio,
    air: MACS.air,
    mini: MACS.mini,
    max: MACS.max,
    pro: MACS.pro,
  })) {
    test(`what it is: ${name}`, () => {
      const state = mac(model)
      const cores = model.cores.map(([, count]) => count)
      const sum = cores.reduce((before, count) => before + count, 0)
      says(state, "sysctl -a", "sysctl", {
        ...{ modelIdentifier: model.identifier, chip: model.chip, memoryBytes: model.memoryGib * GIB, cpuCores: sum },
        ...{ coreCounts: cores, coreNames: model.cores.map(([kind]) => kind), macosVersion: model.version },
        ...{ macosBuild: model.build, architecture: "apple_silicon", isVirtual: false, isTranslated: false },
        ...{
          bootTimeMs: BOOT_MS,
          swapUsedBytes: 0,
          memoryPressureLevel: 1,
          gpuWiredLimitMb: 0,
          darwinVersion: model.darwin,
        },
        ...{ hostVerdict: "accepted", formFactor: model.form },
      })
      says(state, "sw_vers", "sw_vers", { macosVersion: model.version, macosBuild: model.build })
      says(state, "uname -v", "uname -v", { darwinVersion: model.darwin, architecture: "apple_silicon" })
      says(state, "ioreg -rd1 -c IOPlatformExpertDevice", "ioreg", { modelIdentifier: model.identifier })
      says(state, "ioreg -r -d 1 -w 0 -c IOAccelerator", "ioreg", {
        gpuCores: model.gpuCores,
        chip: model.chip,
        gpuBusyPercent: 0,
      })
      says(state, "system_profiler SPHardwareDataType SPDisplaysDataType -json", "system_profiler -json or -xml", {
        ...{ modelIdentifier: model.identifier, chip: model.chip, cpuCores: sum, gpuCores: model.gpuCores },
        memoryBytes: model.memoryGib * GIB,
      })
    })
  }

  test("what cannot be a host", () => {
    says(mac(MACS.virtual), "sysctl -a", "sysctl", { isVirtual: true, hostVerdict: "refused" })
    says(mac(MACS.rosetta), "sysctl -a", "sysctl", { isTranslated: true, hostVerdict: "refused" })
    says(mac(MACS.intel), "sysctl -a", "sysctl", { architecture: "intel", hostVerdict: "refused", cpuThreads: 12 })
    says(mac(MACS.tooOld), "sysctl -a", "sysctl", { macosVersion: "13.4.1", hostVerdict: "refused" })
    says(mac(MACS.rosetta), "system_profiler SPHardwareDataType -json", "system_profiler -json or -xml", {
      isTranslated: true,
    })
  })

  test("who is there", () => {
    const now = Date.now()
    const away = mac(MACS.studio, { inputAtMs: now - 2_520_000 })
    says(away, "ioreg -r -d 1 -c IOHIDSystem", "ioreg", { idleMs: about(2_520_000, 10_000) })
    says(away, "ioreg -n Root -d 1", "ioreg", { isScreenLocked: true, hasConsoleUser: false })
    const here: MacState = { ...away, ...ownerActs.returns(away, now, {}) }
    says(here, "ioreg -r -d 1 -c IOHIDSystem", "ioreg", { idleMs: about(0, 10_000) })
    const lena = { hasConsoleUser: true, consoleUser: "lena", consoleUid: 501 }
    says(here, "ioreg -n Root -d 1", "ioreg", { isScreenLocked: false, ...lena })
    says(here, "scutil", "scutil", lena, "show State:/Users/ConsoleUser\n")
    says({ ...here, ...ownerActs.locks(here, now, {}) }, "ioreg -n Root -d 1", "ioreg", {
      isScreenLocked: true,
      ...lena,
    })
    const switched: MacState = { ...here, ...ownerActs.switches(here, now, {}) }
    const marek = { consoleUser: "marek", consoleUid: 502 }
    says(switched, "ioreg -n Root -d 1", "ioreg", { hasConsoleUser: true, ...marek })
    says(switched, "scutil", "scutil", marek, "show State:/Users/ConsoleUser\n")
    assert.match(run(away, "scutil", "show State:/Users/ConsoleUser\n").stdout, /^ {2}No such key$/m)
    const logins = [{ user: "lena", tty: "ttys001", from: "192.168.1.20", atMs: now, inputAtMs: now }]
    const both = { "loginOf console": "lena", "loginOf ttys001": "lena", "loginFrom ttys001": "192.168.1.20" }
    for (const command of ["who", "w", "last"]) says({ ...here, logins }, command, command, both)
    assert.equal(run(here, "stat -f %Su /dev/console").stdout, "lena\n")
    assert.equal(run(away, "stat -f %Su /dev/console").stdout, "root\n")
    says(here, "uptime", "uptime", { uptimeMinutes: 26 * 60 })
  })

  test("memory, as much as is steered and less what runs", () => {
    const state = mac(MACS.studio, { freeBytes: 48 * GIB, swapBytes: 3 * GIB, pressure: 2 })
    const left = (value: FactValue) => typeof value === "number" && value < 48 * GIB && value > 20 * GIB
    says(state, "vm_stat", "vm_stat", {
      memoryAvailableBytes: left,
      memoryUsedBytes: (value) => Number(value) > 20 * GIB,
      pageBytes: 16_384,
    })
    says(state, "sysctl vm.swapusage kern.memorystatus_vm_pressure_level", "sysctl", {
      swapUsedBytes: 3 * GIB,
      memoryPressureLevel: 2,
    })
    for (const line of ["memory_pressure", "memory_pressure -Q"])
      says(state, line, "memory_pressure", { memoryBytes: 96 * GIB, memoryFreePercent: (value) => Number(value) <= 50 })
    const full = mac(MACS.air, { freeBytes: 0 })
    says(full, "sysctl kern.memorystatus_vm_pressure_level vm.swapusage", "sysctl", {
      memoryPressureLevel: 4,
      swapUsedBytes: (value) => Number(value) > 0,
    })
    says(full, "vm_stat", "vm_stat", { memoryAvailableBytes: 0 })
  })

  test("the GPU", () => {
    const state = mac(MACS.max, {
      gpuBusy: 87,
      gpuAllocBytes: 21 * GIB,
      gpuClients: [{ pid: 4711, name: "python3.12", ns: 1_000 }],
    })
    says(state, "ioreg -r -d 1 -w 0 -c IOAccelerator", "ioreg", {
      gpuBusyPercent: 87,
      gpuMemoryAllocatedBytes: 21 * GIB,
      gpuCores: 40,
    })
    says(state, "ioreg -r -c IOAccelerator -w 0 -l", "ioreg", { "gpuClient 4711": "python3.12" })
  })

  test("power and display", () => {
    const battery = mac(MACS.max, { power: "battery", percent: 62, lowPowerMode: true })
    says(battery, "pmset -g batt", "pmset -g batt", {
      powerSource: "battery",
      batteryPercent: 62,
      batteryState: "discharging",
    })
    says(battery, "ioreg -r -n AppleSmartBattery -w 0", "ioreg", {
      hasBattery: true,
      batteryPercent: 62,
      isExternalPower: false,
    })
    says(battery, "pmset -g", "pmset -g", { "powerSetting lowpowermode": 1, "powerSetting sleep": 1 })
    says(battery, "pmset -g custom", "pmset -g", {
      "powerSetting Battery Power: womp": 0,
      "powerSetting AC Power: womp": 1,
    })
    says(battery, "system_profiler SPPowerDataType -json", "system_profiler -json or -xml", {
      batteryPercent: 62,
    })
    const charging = mac(MACS.max, { percent: 40 })
    says(charging, "pmset -g batt", "pmset -g batt", { powerSource: "ac", batteryState: "charging" })
    says(mac(MACS.studio), "pmset -g batt", "pmset -g batt", { powerSource: "ac" })
    says(mac(MACS.studio, { power: "ups", percent: 80 }), "pmset -g batt", "pmset -g batt", { powerSource: "ups" })
    says(mac(MACS.studio), "system_profiler SPPowerDataType -json", "system_profiler -json or -xml", {
      hasBattery: false,
    })
    says(mac(MACS.studio), "pmset -g systemstate", "pmset -g systemstate", { isDisplayPowered: false })
    const lit = mac(MACS.studio, { isDisplayOn: true })
    says(lit, "pmset -g systemstate", "pmset -g systemstate", { isDisplayPowered: true })
    says({ ...lit, isDarkWake: true }, "pmset -g systemstate", "pmset -g systemstate", { isDisplayPowered: false })
    says(lit, "pmset -g therm", "pmset -g therm", { thermalLevel: "none" })
    says({ ...lit, thermal: 2 }, "notifyutil -g com.apple.system.thermalpressurelevel", "a status line", {
      thermalPressure: 2,
    })
    const call = {
      pid: 4446,
      process: "zoom.us",
      kind: "PreventUserIdleDisplaySleep",
      atMs: Date.now() - 90_000,
      title: "Video",
    }
    says({ ...lit, assertions: [call] }, "pmset -g assertions", "pmset -g assertions", {
      "assertionBy 4446 PreventUserIdleDisplaySleep": "zoom.us",
      "assertionLevel PreventUserIdleDisplaySleep": 1,
    })
    const slept = [{ atMs: BOOT_MS + 60_000, kind: "Sleep" as const }]
    assert.match(run({ ...lit, sleepEvents: slept }, "pmset -g log").stdout, /Sleep +\tEntering Sleep/)
    assert.equal(run(lit, "pmset displaysleepnow").status, 0)
    says(lit, "pmset -g systemstate", "pmset -g systemstate", { isDisplayPowered: false })
    says({ ...lit, displayAtMs: Date.now() + 1 }, "pmset -g systemstate", "pmset -g systemstate", {
      isDisplayPowered: true,
    })
  })

  test("the network", () => {
    const wired = mac(MACS.studio, { link: { kind: "10gbe", thunderboltPeers: ["Mac16,5"] } })
    says(wired, "ifconfig -a", "ifconfig", {
      "linkKind en0": "ethernet",
      "linkMbps en0": 10_000,
      "isLinkActive en1": false,
    })
    says(wired, "system_profiler SPThunderboltDataType -json", "system_profiler -json or -xml", {
      thunderboltPeers: ["Mac16,5"],
    })
    says(wired, "networksetup -listallhardwareports", "networksetup -listallhardwareports", { "linkKind en1": "wifi" })
    says(wired, "networksetup -listnetworkserviceorder", "networksetup -listnetworkserviceorder", {})
    says(wired, "route -n get default", "route get", { defaultInterface: "en0", defaultGateway: "10.1.77.1" })
    says(wired, "netstat -ibn", "netstat -i", {})
    says(wired, "netstat -rn", "netstat -rn", {})
    const wifi = mac(MACS.air)
    says(wifi, "ifconfig -a", "ifconfig", { "isLinkActive en0": true })
    says(wifi, "system_profiler SPAirPortDataType -json", "system_profiler -json or -xml", {
      "linkKind en0": "wifi",
      "wifiMbps en0": 866,
    })
    says(wifi, "system_profiler SPNetworkDataType -json", "system_profiler -json or -xml", { "linkKind en0": "wifi" })
    says(mac(MACS.mini, { link: { kind: "1gbe", thunderboltPeers: [] } }), "ifconfig en0", "ifconfig", {
      "linkMbps en0": 1000,
    })
  })

  test("settings that doctor looks at", () => {
    const off = mac(MACS.studio)
    const on = mac(MACS.studio, { firewall: true, stealth: true, fileVault: true, managed: true })
    for (const [state, is] of [
      [off, false],
      [on, true],
    ] as const) {
      says(state, "socketfilterfw --getglobalstate", "a status line", { isFirewallOn: is })
      says(state, "socketfilterfw --getstealthmode", "a status line", { isStealthModeOn: is })
      says(state, "fdesetup status", "a status line", { isFileVaultOn: is })
      says(state, "profiles status -type enrollment", "a status line", { isManaged: is })
    }
    says(off, "csrutil status", "a status line", { isSystemProtected: true })
    says(off, "launchctl print-disabled system", "a status line", { isRemoteLoginOn: true })
    says({ ...off, remoteLogin: false }, "launchctl print-disabled system", "a status line", { isRemoteLoginOn: false })
    says(off, "launchctl managername", "a status line", { sessionKind: "Background" })
    says(off, "launchctl limit maxfiles", "launchctl limit", { fileLimit: 256 })
    says(off, "launchctl list", "launchctl list", { "serviceStatus com.apple.powerd": "pid 389" })
    assert.equal(run(off, "xcode-select -p").status, 2)
    const tools = "/Library/Developer/CommandLineTools"
    says({ ...off, developerFolder: tools }, "xcode-select -p", "a status line", { developerFolder: tools })
    assert.match(run(off, "sntp time.apple.com").stdout, /^\+0\.012000 \+\/- /)
    const key = "read /Library/Preferences/com.apple.SoftwareUpdate AutomaticallyInstallMacOSUpdates"
    assert.equal(run({ ...off, updatesInstalled: true }, `defaults ${key}`).stdout, "1\n")
    const members = { ...off, remoteLoginUsers: ["lena"] }
    assert.match(run(members, "dseditgroup -o read com.apple.access_ssh").stdout, /^\t\tlena$/m)
    assert.equal(run(off, "dseditgroup -o read com.apple.access_ssh").status, 1)
  })

  test("processes and disks of this machine, in macOS's forms", () => {
    const state = mac(MACS.studio)
    const own = `${process.pid}`
    says(state, "ps -axwwo pid=,ppid=,command=", "ps", { [`processParent ${own}`]: process.ppid })
    says(state, "ps aux", "ps", { [`processResidentBytes ${own}`]: (value) => Number(value) > 1_000_000 })
    says(state, "ps -axwwo pid=,ppid=,pgid=,sess=,uid=,stat=,pcpu=,rss=,etime=,time=,command=", "ps", {
      [`processParent ${own}`]: process.ppid,
    })
    says(state, "top -l 1 -stats pid,mem,time", "top", {
      [`processFootprintBytes ${own}`]: (value) => Number(value) > 1_000_000,
    })
    const refused = run(state, "ps --forest")
    assert.deepEqual([refused.status, refused.stderr.split("\n")[0]], [1, "ps: illegal option -- -"])
    assert.equal(run(state, "ps -p 4194000").status, 1)
    says(state, "df -k", "df", {})
    says(state, "mount", "mount", { "volumeOptions /": "apfs, sealed, local, read-only, journaled" })
  })

  test("a command is slow, or fails, when it is told to", () => {
    const slow = mac(MACS.studio, { delaysMs: { sw_vers: 60 } })
    const from = performance.now()
    run(slow, "sw_vers")
    assert.ok(performance.now() - from >= 60)
    const failing = mac(MACS.studio, { failures: { sw_vers: { exitCode: 3, text: "no" } } })
    assert.deepEqual(run(failing, "sw_vers"), { stdout: "", stderr: "no\n", status: 3 })
    assert.equal(run(failing, "uname -s").stdout, "Darwin\n")
  })
})
