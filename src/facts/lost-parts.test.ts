import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { FactName } from "./fact-names.ts"
import { sheetOf } from "./mac-output.ts"
import { readOutput } from "./read-output.ts"

function toldOf(text: string, name: FactName, of?: string, hint = ""): unknown {
  const fact = readOutput(text, { hint }).sheet.get(name, of)
  return fact === undefined || fact.known ? fact?.value : fact.reason
}

describe("what lost a part of itself, and reads on as something else, is unknown", () => {
  it("a figure of vm_stat that is not in its column", () => {
    const row = (label: string, count: number) => `${`${label}:`.padEnd(28)}${`${count}.`.padStart(26)}\n`
    const rows = ["free", "active", "inactive", "speculative", "throttled", "wired down", "purgeable"]
    const later = ["Pages copy-on-write", "Pages zero filled", "Pages reactivated", "Pages purged", "File-backed pages"]
    const all = rows.map((label, at) => row(`Pages ${label}`, 1_000 * at)).join("")
    const rest = later.map((label, at) => row(label, 150_000 + at)).join("")
    const text = `Mach Virtual Memory Statistics: (page size of 16384 bytes)\n${all}${row('"Translation faults"', 9)}${rest}`
    assert.equal(toldOf(text, "pagesOf", "Pages purged"), 150_003)
    assert.equal(toldOf(text.replace("150003", "1503"), "pagesOf", "Pages purged"), "garbage")
  })

  it("the name of a kind of core", () => {
    const cores = (name: string) =>
      `hw.nperflevels: 2\nhw.physicalcpu: 12\nhw.perflevel0.physicalcpu: 8\nhw.perflevel1.physicalcpu: 4\nhw.perflevel0.name: ${name}\nhw.perflevel1.name: Efficiency\nhw.ncpu: 12\n`
    assert.deepEqual(toldOf(cores("Performance"), "coreNames"), ["Performance", "Efficiency"])
    assert.deepEqual(toldOf(cores("Medium"), "coreNames"), ["Medium", "Efficiency"], "a new one")
    assert.equal(toldOf(cores("Perce"), "coreNames"), "truncated")
  })

  it("a build that another command says otherwise", () => {
    const versions = (build: string) => `ProductName:\t\tmacOS\nProductVersion:\t\t14.2\nBuildVersion:\t\t${build}\n`
    const told = (build: string) =>
      sheetOf([
        { hint: "sw_vers", text: versions(build), problem: null },
        { hint: "sysctl", text: "kern.osversion: 23C71\nhw.ncpu: 8\n", problem: null },
      ]).value("macosBuild")
    assert.equal(told("23C71"), "23C71")
    assert.equal(told("23C7"), undefined)
  })

  it("a setting whose name is not as long as it was", () => {
    const settings = (name: string) =>
      `AC Power:\n Sleep On Power Button 1\n womp                 1\n displaysleep         10\n ${name}            5\n sleep                0\n`
    assert.equal(toldOf(settings("disksleep"), "powerSetting", "AC Power: disksleep"), 5)
    for (const name of ["diskslep", "disk leep"])
      assert.equal(toldOf(settings(name), "powerSetting", `AC Power: ${name}`), undefined, name)
  })

  it("a line of who that was cut in front", () => {
    const who =
      "kbrazil  console  Feb  7 23:32 \nkbrazil  ttys001  Feb 11 21:25 \nadministrator ttys002  Feb 11 21:26 \n"
    assert.equal(toldOf(who, "loginOf", "console"), "kbrazil")
    assert.equal(toldOf(who, "loginOf", "ttys002"), "administrator")
    assert.equal(toldOf(who.slice(2), "loginOf", "console"), undefined)
    assert.equal(toldOf(who.slice(2), "loginOf", "ttys001"), "kbrazil")
  })

  it("uptime that looks like a list of processes", () => {
    for (const text of ["0 11 days,  3:22, 6 users, load averages: 1.99 1.87 1.79\n", "0 30 up 11 days,  3:22, 6\n"]) {
      assert.notEqual(readOutput(text).command, "ps", text)
      assert.equal(toldOf(text, "uptimeMinutes", undefined, "uptime"), "garbage")
    }
    assert.equal(readOutput("    1     0 /sbin/launchd\n  301     1 /usr/sbin/cfprefsd\n").command, "ps")
  })

  it("a charge that is too little for the time it is to last", () => {
    const battery = (percent: number, time: string) =>
      `Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1234567)\t${percent}%; discharging; ${time} remaining present: true\n`
    assert.equal(toldOf(battery(93, "10:34"), "batteryPercent"), 93)
    assert.equal(toldOf(battery(3, "10:34"), "batteryPercent"), "contradictory")
    assert.equal(toldOf(battery(3, "0:21"), "batteryPercent"), 3)
  })

  it("the first look of powermetrics without its head", () => {
    const look = (at: string, busy: string, idle: string) =>
      `*** Sampled system activity (Sat Apr 25 10:34:${at} 2026 -0700) (1018.73ms elapsed) ***\n\n**** GPU usage ****\n\nGPU HW active residency:   ${busy}%\nGPU idle residency:  ${idle}%\n\n`
    const text = look("37", "1.03", "98.97") + look("38", "7.27", "92.73")
    assert.equal(toldOf(text, "gpuBusyPercent", "Sat Apr 25 10:34:38 2026 -0700"), 7.27)
    const { sheet } = readOutput(text.replace(/^.*\n/, ""))
    assert.deepEqual(
      sheet.facts().map(({ of }) => of),
      ["Sat Apr 25 10:34:38 2026 -0700"],
    )
  })
})
