import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { BOOK, factsOf, NOW, STUDIO, shownHost, shownPool, vitalsOf } from "../../../test/support/shown-hosts.ts"
import { shortModelName } from "../../facts/model-name.ts"
import { byFreedom } from "../../protocol/host-standing.ts"
import { type HostLinesOptions, hostLines } from "./host-lines.ts"
import { machineTexts } from "./mac-text.ts"
import { networkTexts } from "./network-brief.ts"
import { textWidth } from "./table.ts"
import { agoText, freeMemoryBytes, gpuText, heatText, powerText, whoText } from "./vitals-text.ts"

const GIB = 1024 ** 3
const { hosts, running } = shownPool()
const table = (options: Partial<HostLinesOptions> = {}) =>
  hostLines(byFreedom(hosts), { now: NOW, color: false, running, ...options })

test("in full a line says all of a Mac, as people say it, and the free ones come first", () => {
  assert.deepEqual(table(), [
    "HOST    NOW    WHO          JOB             FREE  GPU  MAC                                                POWER        HEAT  NETWORK                                 SYSTEM               LABELS     WHY",
    "mac-10  free   away 42 min  -             448 GB   0%  Mac Studio 2025, M3 Ultra, 80 GPU cores, 512 GB    mains        ok    10 GbE, Thunderbolt to Mac Studio 2025  macOS 26.1           room=2.14",
    "box     free   -            -              56 GB    -  Ampere Altra, 16 cores, 64 GB                      -            -     -                                       Debian GNU/Linux 12",
    "mac-2   busy   away 3 h     412 train +1  300 GB  98%  Mac Studio 2025, M3 Ultra, 80 GPU cores, 512 GB    mains        hot   1 GbE                                   macOS 26.1",
    "mac-3   owner  here         -             120 GB   3%  MacBook Pro 16-inch, M5 Max, 40 GPU cores, 128 GB  battery 64%  ok    Wi-Fi 866 Mbit/s                        macOS 26.1                      somebody is at it: keyboard or mouse in use",
    "mac-4   down   -            -                  -    -  Mac Studio 2025, M3 Ultra, 80 GPU cores, 512 GB    -            -     -                                       macOS 26.1                      no route to host",
  ])
})

test("in a narrow terminal what matters least goes first, and only reasons are cut", () => {
  assert.deepEqual(table({ width: 80 }), [
    "HOST    NOW    WHO          JOB       FREE  MAC              WHY",
    "mac-10  free   away 42 min  -       448 GB  M3 Ultra 512 GB",
    "box     free   -            -        56 GB  16 cores 64 GB",
    "mac-2   busy   away 3 h     412 +1  300 GB  M3 Ultra 512 GB",
    "mac-3   owner  here         -       120 GB  M5 Max 128 GB    somebody is at it:…",
    "mac-4   down   -            -            -  M3 Ultra 512 GB  no route to host",
  ])
  const free = byFreedom(hosts).slice(0, 2)
  assert.deepEqual(hostLines(free, { now: NOW, color: false, width: 80 }), [
    "HOST    NOW   WHO            FREE  GPU  MAC                             POWER",
    "mac-10  free  away 42 min  448 GB   0%  M3 Ultra, 80 GPU cores, 512 GB  mains",
    "box     free  -             56 GB    -  16 cores, 64 GB                 -",
  ])
})

test("at any width no line is wider, and from 30 columns on each says whether its host is free", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 260 }), fc.boolean(), (width, color) => {
      const lines = table({ width, color }).map((line) => line.replaceAll(/\x1b\[\d+m/g, ""))
      assert.equal(lines.length, hosts.length + 1)
      for (const line of lines) assert.ok(textWidth(line) <= width, `${width}: ${line}`)
      if (width >= 30) for (const line of lines.slice(1)) assert.match(line, /^\S+ +(free|busy|owner|down)\b/)
      assert.deepEqual(lines, table({ width }))
    }),
  )
})

test("colours only point at the word", () => {
  const [, free, , , owner, down] = table({ color: true, width: 80 })
  assert.match(free ?? "", /^mac-10 {2}\x1b\[32mfree \x1b\[0m {2}away/)
  assert.match(owner ?? "", /\x1b\[33mowner\x1b\[0m/)
  assert.match(down ?? "", /\x1b\[31mdown \x1b\[0m/)
})

test("what hosts say cannot steer the terminal", () => {
  const bad = "\x1b[2Jx\n\x07"
  const host = shownHost("mac-1", {
    facts: factsOf({ ...STUDIO, modelName: null, model: bad, chip: bad }, { system: bad }),
    link: "down",
    reason: bad,
    labels: { [bad]: bad },
    network: { kind: "thunderbolt", mbps: null, interface: null, peers: [bad] },
  })
  const text = hostLines([host], { now: NOW, color: false }).join("")
  assert.equal(/[\x00-\x1f\x7f]/.test(text), false)
})

test("a server of the release before says nothing of presence, vitals and network, and its hosts are shown", () => {
  const { vitals, network, measures, ...old } = shownHost("mac-1", { facts: factsOf(null, { platform: "darwin" }) })
  assert.deepEqual([vitals, network, measures], [null, null, []])
  const lines = hostLines([old as ReturnType<typeof shownHost>], { now: NOW, color: false })
  assert.deepEqual(lines, [
    "HOST   NOW    FREE  MAC                  SYSTEM",
    "mac-1  free  56 GB  Ampere Altra, 64 GB  Debian GNU/Linux 12",
  ])
})

test("a machine's name has what is known of it, and nothing in place of what is not", () => {
  assert.equal(machineTexts(factsOf(BOOK))[0], "MacBook Pro 16-inch, M5 Max, 40 GPU cores, 128 GB")
  assert.equal(
    machineTexts(factsOf({ ...STUDIO, modelName: null, gpuCores: null, model: "Mac19,2" }))[0],
    "Mac19,2, M3 Ultra, 512 GB",
  )
  assert.equal(shortModelName("MacBook Pro (14-inch, 16-core M3 Max, Nov 2023)"), "MacBook Pro 14-inch Nov 2023")
  assert.equal(shortModelName("iMac (24-inch, M4, 2024, two ports)"), "iMac 24-inch 2024")
  assert.equal(shortModelName("Mac Pro (2023)"), "Mac Pro 2023")
  assert.deepEqual(machineTexts(null), ["-", "-", "-"])
})

test("memory free for jobs is what is neither leased nor in use by others", () => {
  const free = { memoryBytes: 100 * GIB, gpus: 1, cores: 8 }
  const vitals = (available: number | null, at?: number) => vitalsOf({ memoryAvailableBytes: available }, at)
  assert.equal(freeMemoryBytes(shownHost("m", { free, vitals: vitals(40 * GIB) }), NOW), 40 * GIB)
  assert.equal(freeMemoryBytes(shownHost("m", { free, vitals: vitals(300 * GIB) }), NOW), 100 * GIB)
  assert.equal(freeMemoryBytes(shownHost("m", { free, vitals: vitals(null) }), NOW), 100 * GIB)
  assert.equal(freeMemoryBytes(shownHost("m", { free, vitals: vitals(1, NOW - 3_600_000) }), NOW), 100 * GIB)
  assert.equal(freeMemoryBytes(shownHost("m", { free, link: "down" }), NOW), null)
})

test("what was looked at long ago says so, and what is not known is no number", () => {
  const old = vitalsOf({ gpuBusyPercent: 7, heat: "moderate", power: "ups" }, NOW - 300_000)
  assert.equal(gpuText(old, NOW), "7% 5 min ago")
  assert.equal(heatText(old, NOW), "warm 5 min ago")
  assert.equal(powerText(vitalsOf({ power: "battery" }), NOW), "battery")
  for (const text of [gpuText, heatText, powerText]) {
    assert.equal(text(null, NOW), "-")
    assert.equal(text(vitalsOf({}), NOW), "-")
  }
  assert.deepEqual([19_999, 3_599_000, 47 * 3_600_000, 5 * 86_400_000].map(agoText), ["20 s", "59 min", "47 h", "5 d"])
})

test("a network is named by its kind and speed", () => {
  const text = (kind: "ethernet" | "wifi" | "thunderbolt" | "unknown", mbps: number | null, peers: string[] = []) =>
    networkTexts({ kind, mbps, interface: "en0", peers })
  assert.deepEqual(text("ethernet", 2_500), ["2.5 GbE", "2.5 GbE"])
  assert.deepEqual(text("ethernet", 100), ["Ethernet 100 Mbit/s", "Ethernet 100 Mbit/s"])
  assert.deepEqual(text("ethernet", null), ["Ethernet", "Ethernet"])
  assert.deepEqual(text("wifi", 866), ["Wi-Fi 866 Mbit/s", "Wi-Fi"])
  assert.deepEqual(text("wifi", 866, ["Mac15,14", "Mac15,14"]), ["Wi-Fi 866 Mbit/s, Thunderbolt to 2 Macs", "Wi-Fi+TB"])
  assert.deepEqual(text("unknown", null, ["Mac99,9"]), ["Thunderbolt to Mac99,9", "Thunderbolt"])
  assert.deepEqual(text("unknown", null), ["-", "-"])
})

test("who was seen a while ago is not said to be there now", () => {
  const seen = { at: NOW - 1_000, state: "here", since: NOW - 600_000, text: "here", obstacles: [] } as const
  assert.equal(whoText(seen, NOW), "here")
  assert.equal(whoText({ ...seen, blindSince: NOW - 8_000 }, NOW), "here, seen 8 s ago")
  assert.equal(whoText({ ...seen, state: "away", blindSince: NOW - 8_000 }, NOW), "away, seen 8 s ago")
  // Nothing was heard for longer than anything is told anew.
  assert.equal(whoText({ ...seen, at: NOW - 240_000 }, NOW), "here, seen 4 min ago")
  assert.equal(whoText({ ...seen, state: "unknown", blindSince: NOW - 8_000 }, NOW), "unknown")
})

test("a host that is booked now or soon says so, in short where there is little room, and is not free for others", () => {
  const booking = {
    name: "vision",
    users: ["ann"],
    accounts: [],
    maintenance: false,
    timeZone: "Europe/Berlin",
    startAt: NOW - 3_600_000,
    endAt: NOW + 3_600_000,
    state: "now",
    forYou: false,
  } as const
  const later = { ...booking, state: "to_come", startAt: NOW + 3_600_000, endAt: NOW + 7_200_000 } as const
  const [mac, box] = byFreedom(hosts)
  assert.ok(mac !== undefined && box !== undefined)
  const shown = [
    { ...mac, bookings: [booking, later] },
    { ...box, bookings: [later] },
  ]
  const lines = (width: number) => hostLines(shown, { now: NOW, color: false, width, running })
  assert.match(
    lines(200)[1] ?? "",
    /^mac-10 +booked +away 42 min +now until 14:00, ann \+1 .*kept for ann \(booking vision\)$/,
  )
  assert.match(lines(200)[2] ?? "", /^box +free +- +14:00 to 15:00, ann /)
  assert.match(lines(72)[1] ?? "", /^mac-10 +booked +away 42 min +now /)
  assert.match(lines(72)[2] ?? "", /^box +free +- +14:00 /)
  assert.deepEqual(
    byFreedom(shown).map(({ name }) => name),
    ["box", "mac-10"],
  )
  const own = hostLines([{ ...mac, bookings: [{ ...booking, forYou: true }] }], { now: NOW, color: false })
  assert.match(own[1] ?? "", /^mac-10 +free /)
})
