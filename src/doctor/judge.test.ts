import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { MAC_HEAD, macExamination, macText } from "../../test/support/mac-outputs.ts"
import { mutate, randomOf } from "../../test/support/mutate-text.ts"
import type { DoctorFinding } from "../protocol/api.ts"
import type { Examination, ProbeOutput } from "../protocol/doctor-wire.ts"
import type { Around } from "./item.ts"
import { ITEMS, judge } from "./judge.ts"

const AROUND: Around = { askedAt: MAC_HEAD.now - 5, answeredAt: MAC_HEAD.now + 5, hasPlaces: false, user: "wfjobs" }

function levelsOf(examination: Examination, around: Around = AROUND): Record<string, DoctorFinding["level"]> {
  return Object.fromEntries(judge("mac", examination, around).map(({ code, level }) => [code, level]))
}

test("a healthy Mac has nothing against it, and each item says something", () => {
  const findings = judge("mac", macExamination(), AROUND)
  assert.deepEqual(
    findings.filter(({ level }) => level !== "ok"),
    [],
  )
  assert.deepEqual(
    findings.map(({ code }) => code),
    ITEMS.map(({ code }) => code),
  )
})

type Change = string | Partial<ProbeOutput> | null
const PERMITTED: Partial<ProbeOutput> = {
  stdout: "",
  stderr: "ls: com.apple.TCC: Operation not permitted\n",
  exitCode: 1,
}
const NO_GROUP: Partial<ProbeOutput> = {
  stdout: "",
  stderr: "<dscl_cmd> DS Error: -14136 (eDSRecordNotFound)\n",
  exitCode: 56,
}
const failed = (step: string): Partial<ProbeOutput> => ({
  stdout: `${JSON.stringify({ failed: step, reason: "because" })}\n`,
  exitCode: 1,
})
const reached = (attached: string, detached: string) =>
  `${JSON.stringify({ tries: [{ address: "10.42.7.5", attached, detached }] })}\n`
const LIT = "Current System Capabilities are: CPU Graphics Audio Network \nCurrent Power State: 4\n"

const VIRTUAL = macText("sysctl", "hv_vmm_present: 0", "hv_vmm_present: 1")
  .replace("Mac15,14", "VirtualMac2,1")
  .replace("Apple M3 Ultra", "Apple M2 (Virtual)")

/** code, level, and what else the Mac prints. */
const CASES: readonly [code: string, level: DoctorFinding["level"], changes: Readonly<Record<string, Change>>][] = [
  ["machine", "problem", { sysctl: VIRTUAL, SPHardware: null, SPDisplays: null }],
  ["machine", "unknown", { sysctl: null, SPHardware: null, SPDisplays: null, "uname-v": null }],
  ["rosetta", "problem", { sysctl: macText("sysctl", "proc_translated: 0", "proc_translated: 1") }],
  ["rosetta", "unknown", { sysctl: { outcome: "timed_out", exitCode: null } }],
  ["metal", "problem", { metal: failed("device") }],
  ["metal", "problem", { metal: '{"device":"Apple M3 Ultra","cells":65536,"right":65535}\n' }],
  ["metal", "unknown", { metal: failed("tool") }],
  ["metal", "unknown", { metal: { stdout: "", exitCode: null } }],
  ["metal", "unknown", { metal: '{"device":"Apple M3 Ultra","cells":65536,"right":65536}' }],
  ["metal", "unknown", { metal: '{"device":"Apple M3 Ultra","cells":8,"right":8}\n' }],
  ["gpu_watchdog", "warning", { "pmset-g-systemstate": LIT }],
  [
    "gpu_watchdog",
    "warning",
    { "pmset-g-custom": macText("pmset-g-custom", "displaysleep         10", "displaysleep         0") },
  ],
  ["gpu_watchdog", "unknown", { "pmset-g-systemstate": { outcome: "missing", exitCode: null, stdout: "" } }],
  ["gpu_watchdog", "unknown", { "pmset-g-systemstate": LIT, SPDisplays: null }],
  ["gpu_wired_limit", "ok", { sysctl: macText("sysctl", "wired_limit_mb: 0", "wired_limit_mb: 90000") }],
  ["gpu_wired_limit", "warning", { sysctl: macText("sysctl", "wired_limit_mb: 0", "wired_limit_mb: 97000") }],
  ["gpu_wired_limit", "unknown", { sysctl: macText("sysctl", "iogpu.wired_limit_mb: 0\n", "") }],
  [
    "low_power_mode",
    "warning",
    { "pmset-g-custom": macText("pmset-g-custom", "lowpowermode         0", "lowpowermode         1") },
  ],
  ["low_power_mode", "unknown", { "pmset-g-custom": macText("pmset-g-custom", " lowpowermode         0\n", "") }],
  [
    "remote_login",
    "problem",
    {
      "launchctl-print-disabled": macText(
        "launchctl-print-disabled",
        '"com.openssh.sshd" => enabled',
        '"com.openssh.sshd" => disabled',
      ),
    },
  ],
  ["remote_login", "unknown", { "launchctl-print-disabled": { isCut: true } }],
  ["remote_login_access", "warning", { "dscl-access_ssh": NO_GROUP }],
  ["remote_login_access", "unknown", { "dscl-access_ssh": { exitCode: 64, stdout: "", stderr: "Something else\n" } }],
  [
    "remote_login_access",
    "unknown",
    { "dscl-access_ssh": macText("dscl-access_ssh", "RecordName", "Rec\u0000rdName") },
  ],
  ["full_disk_access", "ok", { "ls-protected": PERMITTED }],
  [
    "full_disk_access",
    "unknown",
    { "ls-protected": { ...PERMITTED, stderr: "ls: com.apple.TCC: Permission denied\n" } },
  ],
  ["firewall", "warning", { "socketfilterfw-state": "Firewall is enabled. (State = 1)\n" }],
  ["firewall", "unknown", { "socketfilterfw-state": "Firewall is ena" }],
  ["stealth_mode", "warning", { "socketfilterfw-stealth": "Firewall stealth mode is on\n" }],
  ["stealth_mode", "unknown", { "socketfilterfw-stealth": { outcome: "missing", exitCode: null, stdout: "" } }],
  ["detached_lan", "warning", { reach: reached("connected", "unreachable") }],
  ["detached_lan", "warning", { reach: reached("refused", "unreachable") }],
  ["detached_lan", "ok", { reach: reached("refused", "refused") }],
  ["detached_lan", "unknown", { reach: reached("unreachable", "unreachable") }],
  ["detached_lan", "unknown", { reach: reached("silent", "silent") }],
  ["detached_lan", "unknown", { reach: '{"tries":[]}\n' }],
  [
    "link_speed",
    "warning",
    { "route-n-get-default": macText("route-n-get-default", "interface: en0", "interface: en1") },
  ],
  ["link_speed", "warning", { "ifconfig-a": macText("ifconfig-a", "10Gbase-T", "100baseTX") }],
  ["link_speed", "unknown", { "ifconfig-a": macText("ifconfig-a", "(10Gbase-T <full-duplex>)", "(10Gb\ufffdse") }],
  ["link_speed", "unknown", { "networksetup-ports": null }],
  [
    "sleep",
    "warning",
    { "pmset-g-custom": macText("pmset-g-custom", " sleep                0", " sleep                1") },
  ],
  ["sleep", "unknown", { "pmset-g-custom": macText("pmset-g-custom", "AC Power:\n", "") }],
  [
    "wake_for_network",
    "warning",
    { "pmset-g-custom": macText("pmset-g-custom", "womp                 1", "womp                 0") },
  ],
  ["wake_for_network", "unknown", { "pmset-g-custom": { exitCode: 1 } }],
  [
    "restart_after_power_failure",
    "warning",
    { "pmset-g-custom": macText("pmset-g-custom", "autorestart          1", "autorestart          0") },
  ],
  [
    "restart_after_power_failure",
    "unknown",
    { "pmset-g-custom": macText("pmset-g-custom", " autorestart          1\n", "") },
  ],
  ["filevault", "warning", { fdesetup: "FileVault is On.\n" }],
  ["filevault", "unknown", { fdesetup: "FileVault is O" }],
  ["automatic_updates", "warning", { "plutil-update": macText("plutil-update", "<false/>", "<true/>") }],
  ["automatic_updates", "unknown", { "plutil-update": macText("plutil-update", "</plist>\n", "") }],
  ["automatic_updates", "unknown", { "plutil-update": { exitCode: 1, stdout: "", stderr: "file does not exist\n" } }],
  ["disk_space", "warning", { df: macText("df", "380000000 560000000    41% 2", "936000000   4000000   100% 2") }],
  ["disk_space", "problem", { df: macText("df", "380000000 560000000    41% 2", "939500000    500000   100% 2") }],
  ["disk_space", "unknown", { df: macText("df", "380000000 560000000    41% 2", "380000000 5600000    41% 2") }],
]

test("each item has its level by what the Mac prints", () => {
  for (const [code, level, changes] of CASES) {
    const finding = judge("mac", macExamination(changes), AROUND).find((one) => one.code === code)
    assert.equal(finding?.level, level, `${code} of ${JSON.stringify(changes)}: ${finding?.text}`)
    if (level === "warning" || level === "problem") assert.ok(finding?.fix, `${code} has a fix`)
  }
  const levels = new Map<string, Set<string>>()
  for (const [code, level] of CASES) levels.set(code, (levels.get(code) ?? new Set()).add(level))
  for (const { code } of ITEMS) {
    // These depend on more than what the Mac prints, and have tests of their own.
    if (code === "clock" || code === "full_disk_access") continue
    const tried = levels.get(code) ?? new Set()
    assert.ok(tried.has("unknown") && (tried.has("warning") || tried.has("problem")), `${code} is tried`)
  }
})

test("the clock is compared with the moments of asking and of the answer, and only what is outside of them counts", () => {
  const off = (ms: number, roundTripMs = 10) =>
    levelsOf(macExamination(), { ...AROUND, askedAt: MAC_HEAD.now - ms - roundTripMs, answeredAt: MAC_HEAD.now - ms })
      .clock
  assert.equal(off(0), "ok")
  assert.equal(off(1_900), "ok")
  assert.equal(off(10_000), "warning")
  assert.equal(off(-10_000), "warning")
  assert.equal(off(3_600_000), "problem")
  assert.equal(off(-1_500, 3_000), "ok")
  assert.equal(off(0, 60_000), "unknown")
})

test("data on the host makes Full Disk Access worth a warning; a laptop need not start by itself; an older macOS has no watchdog", () => {
  const refused = macExamination({ "ls-protected": PERMITTED })
  assert.equal(levelsOf(refused, { ...AROUND, hasPlaces: true }).full_disk_access, "warning")
  const laptop = macExamination({
    sysctl: macText("sysctl", "Mac15,14", "Mac15,8")
      .replace("Apple M3 Ultra", "Apple M3 Max")
      .replace(/hw\.perf.*\n/g, ""),
    SPHardware: null,
    SPDisplays: null,
    "uname-v": null,
    "pmset-g-custom": macText("pmset-g-custom", " autorestart          1\n", ""),
  })
  assert.equal(levelsOf(laptop).restart_after_power_failure, undefined)
  const older = macExamination({
    sysctl: macText("sysctl", "26.1", "15.6").replace("25B71", "24G84").replace("25.1.0", "24.6.0"),
    sw_vers: "ProductName:\t\tmacOS\nProductVersion:\t\t15.6\nBuildVersion:\t\t24G84\n",
    "uname-v": null,
    "pmset-g-systemstate": LIT,
  })
  assert.equal(levelsOf(older).gpu_watchdog, "ok")
})

test("a damaged output makes an item unknown, or as it was; nothing a host says is thrown at", () => {
  const random = randomOf(20_261_127)
  const healthy = macExamination()
  const sick = macExamination(
    Object.assign({}, ...CASES.filter(([, level]) => level !== "unknown").map(([, , one]) => one)),
  )
  for (const whole of [healthy, sick]) {
    const before = levelsOf(whole)
    for (let round = 0; round < 600; round++) {
      const at = Math.floor(random() * whole.outputs.length)
      const outputs = whole.outputs.map((one, i) =>
        i === at ? { ...one, stdout: mutate(one.stdout, random).text } : one,
      )
      const probe = whole.outputs[at]?.probe
      for (const [code, level] of Object.entries(levelsOf({ ...whole, outputs }))) {
        const isAsBefore = level === before[code] || level === "unknown"
        assert.ok(
          isAsBefore,
          `round ${round}: ${code} was ${before[code]}, is ${level} with a damaged ${probe}: ${outputs[at]?.stdout}`,
        )
      }
    }
  }
})

test("what is missing, twice or empty makes nothing ok", () => {
  const { head, outputs } = macExamination()
  const nothing = levelsOf({ head, outputs: [] })
  assert.deepEqual(
    Object.entries(nothing).filter(([code, level]) => level !== "unknown" && code !== "clock"),
    [],
  )
  const twice = levelsOf({ head, outputs: [...outputs, ...outputs] })
  assert.deepEqual(twice, nothing)
  const empty = levelsOf({ head, outputs: outputs.map((one) => ({ ...one, stdout: "" })) })
  assert.deepEqual(empty, nothing)
})

test("a Linux host has the items that apply to it", () => {
  const head = { ...MAC_HEAD, platform: "linux" as const }
  const link = (value: object) => ({
    head,
    outputs: [
      {
        probe: "linux-link",
        outcome: "ended" as const,
        exitCode: 0,
        stdout: `${JSON.stringify(value)}\n`,
        stderr: "",
        isCut: false,
      },
    ],
  })
  const levels = (value: object) => levelsOf(link(value))
  assert.deepEqual(levels({ name: "eth0", mbps: 10_000, isWireless: false }), {
    link_speed: "ok",
    disk_space: "ok",
    clock: "ok",
  })
  assert.equal(levels({ name: "eth0", mbps: 100, isWireless: false }).link_speed, "warning")
  assert.equal(levels({ name: "wlan0", mbps: null, isWireless: true }).link_speed, "warning")
  assert.equal(levels({ name: "eth0", mbps: -1, isWireless: false }).link_speed, "unknown")
  assert.equal(levels({ name: null, mbps: null, isWireless: false }).link_speed, "unknown")
})

test("docs/doctor.md explains each item by its code", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/doctor.md"), "utf8")
  for (const { code } of ITEMS) assert.ok(page.includes(`| \`${code}\` |`), code)
})
