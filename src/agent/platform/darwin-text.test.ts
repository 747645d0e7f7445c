import assert from "node:assert/strict"
import { test } from "node:test"
import { vmStatText } from "../../../test/support/vm-stat-text.ts"
import { sysctlTexts } from "../../facts/sysctl.ts"
import { parseTop } from "../../facts/top.ts"
import { parseFreeMemory, parseProcesses, parseUsedMemory, parseWakeTime } from "./darwin-text.ts"

test("sysctlTexts() reads sysctl by key, whatever lines are missing", () => {
  const keys = sysctlTexts("hw.model: Mac15,14\nhw.memsize: 103079215104\nmachdep.cpu.brand_string: Apple M3 Ultra\n")
  assert.equal(keys.get("hw.memsize"), "103079215104")
  assert.equal(keys.get("machdep.cpu.brand_string"), "Apple M3 Ultra")
  assert.equal(keys.get("kern.hv_vmm_present"), undefined)
})

test("parseProcesses() reads ps with start times, of one account, without zombies", () => {
  const text = `
    1     0     1     0 Ss   Sun Nov 22 08:00:01 2026     /sbin/launchd
  501   499   501   501 S+   Mon Nov 23 12:00:00 2026     /Applications/Some App.app/Contents/MacOS/Some App --flag
  502   501   502   501 TN   Mon Nov  2 01:02:03 2026     python train.py
  503   501   501   501 Z    Mon Nov 23 12:00:01 2026     <defunct>
  504   501   501   501 Z    Mon Nov 23 12:00:01 2026     (python)
`
  const rows = parseProcesses(text, 501)
  assert.deepEqual(
    rows.map(({ pid, ppid, pgid, name, isStopped }) => [pid, ppid, pgid, name, isStopped]),
    [
      [501, 499, 501, "Some", false],
      [502, 501, 502, "python", true],
    ],
  )
  assert.equal(rows[0]?.start, String(Date.UTC(2026, 10, 23, 12) / 1000))
  assert.equal(rows[1]?.start, String(Date.UTC(2026, 10, 2, 1, 2, 3) / 1000))
  assert.equal(parseProcesses(text, null).length, 3)
})

const PAGES = {
  ...{ free: 32_257, active: 254_966, inactive: 240_318, speculative: 14_083, wired: 172_591, purgeable: 14_672 },
  ...{ files: 181_743, stored: 639_764, occupied: 294_851 },
}

test("parseFreeMemory() counts free, speculative and purgeable pages and half of the inactive ones", () => {
  const bytes = (32257 + 14083 + 14672 + 240318 / 2) * 16384
  assert.equal(parseFreeMemory(vmStatText(PAGES), null), bytes)
  assert.equal(parseFreeMemory(vmStatText(PAGES), 16 * 1024 ** 3), bytes)
})

test("parseUsedMemory() leaves out caches of files and counts what is compressed by its size before", () => {
  const anonymous = 254_966 + 240_318 + 14_083 - 181_743
  assert.equal(parseUsedMemory(vmStatText(PAGES), null), (anonymous - 14672 + 172591 + 639764) * 16384)
})

test("free and used memory that cannot be true are an error which says why", () => {
  const joined = vmStatText(PAGES).replace(/(Pages purgeable:\s+).*\n.*\n/, "$1 8304623196.\n")
  const twice = `${vmStatText(PAGES)}Pages free: 77.\n`
  for (const text of [
    joined,
    twice,
    vmStatText({ ...PAGES, purgeable: 600_000 }),
    vmStatText({ ...PAGES, free: 90_000_000 }),
  ]) {
    assert.throws(() => parseFreeMemory(text, null), /Cannot read free memory from vm_stat: ./)
  }
  assert.throws(() => parseFreeMemory(vmStatText(PAGES), 8 * 1024 ** 3), /not the 8589934592 bytes|more than this Mac/)
  assert.throws(() => parseUsedMemory(vmStatText({ ...PAGES, purgeable: 600_000 }), null), /purgeable/)
})

test("parseProcesses() tells what the system runs by itself from what somebody does", () => {
  const commands = [
    "/usr/sbin/cfprefsd agent",
    "/System/Library/Frameworks/CoreServices.framework/lsd",
    "sshd-session: windfall@notty",
    "/System/Library/CoreServices/Finder.app/Contents/MacOS/Finder",
    "-zsh",
    "/opt/homebrew/bin/python3 train.py",
  ]
  const text = commands.map((command, i) => `${i + 10} 1 ${i + 10} 501 Mon Nov 23 12:00:00 2026 ${command}`).join("\n")
  assert.deepEqual(
    parseProcesses(text, 501).map(({ ofSystem }) => ofSystem),
    [true, true, true, false, false, false],
  )
})

test("parseTop() reads top's columns of memory, with units and signs, and of CPU time in all its forms", () => {
  const text = `Processes: 612 total, 3 running
PhysMem: 31G used (3126M wired, 9172M compressor), 177M unused.

PID    MEM    TIME
64720  1243M+ 02:01.35
512    38M    00:01.42+
70*    4096K- 12:30:05
99     1.5G   107 hrs
7      2M
`
  const usage = parseTop(text)
  assert.deepEqual(
    [64720, 512, 70, 99, 7].map((pid) => usage.get(pid)),
    [
      { memoryBytes: 1243 * 1024 ** 2, cpuMs: 121_350 },
      { memoryBytes: 38 * 1024 ** 2, cpuMs: 1_420 },
      { memoryBytes: 4096 * 1024, cpuMs: 45_005_000 },
      { memoryBytes: 1.5 * 1024 ** 3, cpuMs: 107 * 3_600_000 },
      { memoryBytes: 2 * 1024 ** 2, cpuMs: null },
    ],
  )
  assert.equal(usage.size, 5)
})

test("parseWakeTime() reads when a Mac woke, and nothing from one that never slept", () => {
  assert.equal(parseWakeTime("{ sec = 1763900000, usec = 120034 } Sun Nov 23 12:13:20 2025\n"), 1_763_900_000_120)
  assert.equal(parseWakeTime("{ sec = 0, usec = 0 } Thu Jan  1 01:00:00 1970"), null)
  assert.equal(parseWakeTime(""), null)
  assert.equal(parseWakeTime("{ sec = 17"), null)
})
