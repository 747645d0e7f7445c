import assert from "node:assert/strict"
import { test } from "node:test"
import { presenceOf, shownHost } from "../../test/support/shown-hosts.ts"
import { closedText, startText } from "./host-bars.ts"
import { byFreedom, byName, type StandingCode, standingOf, takesJobs } from "./host-standing.ts"

type Change = Parameters<typeof shownHost>[1]
const code = (change: Change): StandingCode => standingOf(shownHost("mac-1", change)).code
const ada = { phase: "ending", by: "ada", since: 0 } as const

test("a host stands by the first thing that keeps jobs from it", () => {
  const none = { memoryBytes: 64e9, gpus: 0, cores: 8 }
  const owner = presenceOf("here", 0, ["owner_here", "somebody is at it"])
  assert.equal(code({}), "free")
  assert.equal(code({ jobs: [1] }), "partly")
  assert.equal(code({ jobs: [1], free: none }), "busy")
  assert.equal(code({ free: { memoryBytes: 1e6, gpus: 1, cores: 8 } }), "busy")
  assert.equal(code({ free: { memoryBytes: 64e9, gpus: 1, cores: 0 } }), "busy")
  assert.equal(code({ free: none, presence: owner }), "owner")
  assert.equal(code({ presence: owner, withheld: "strays" }), "withheld")
  assert.equal(code({ presence: owner, withheld: "strays", draining: true }), "draining")
  for (const link of ["connecting", "asleep", "down", "refused"] as const) {
    assert.deepEqual(standingOf(shownHost("m", { link, reason: "why", draining: true })), { code: link, text: "why" })
  }
  assert.equal(code({ link: "down", leaving: ada }), "leaving")
  assert.equal(code({ link: "down", leaving: { ...ada, phase: "left" } }), "left")
})

test("a host without a GPU is free as long as it has cores and memory", () => {
  const total = { memoryBytes: 64e9, gpus: 0, cores: 16 }
  assert.equal(code({ total, free: total }), "free")
  assert.equal(code({ total, free: { ...total, cores: 3 }, jobs: [7] }), "partly")
})

test("every obstacle of an owner has its word, and one that is not known keeps jobs away too", () => {
  const words = {
    paused: "paused",
    outside_hours: "hours",
    owner_here: "owner",
    owner_away_too_short: "owner",
    presence_unknown: "unknown",
    on_battery: "power",
    power_unknown: "power",
    low_power_mode: "power",
    foreign_load: "load",
    memory_needed: "memory",
    from_a_later_release: "unknown",
    constructor: "unknown",
  }
  for (const [obstacle, word] of Object.entries(words)) {
    const standing = standingOf(shownHost("m", { presence: presenceOf("away", 1, [obstacle, "why"]) }))
    assert.deepEqual(standing, { code: word, text: "why" }, obstacle)
    assert.equal(takesJobs(standing), false)
  }
  assert.equal(code({ presence: presenceOf("away", 30) }), "free")
  // What the server itself says of the obstacles counts, as far as it says anything.
  const paused = { code: "paused", text: "paused by ada", until: null }
  assert.equal(code({ presence: presenceOf("away", 30), obstacles: [paused] }), "paused")
  assert.equal(code({ presence: presenceOf("here", 1, ["owner_here", "x"]), obstacles: [] }), "free")
  assert.equal(code({ presence: presenceOf("unwatched", 0) }), "free")
})

test("the free ones come first, Macs before others, and mac-2 before mac-10", () => {
  const cpu = { memoryBytes: 64e9, gpus: 0, cores: 16 }
  const hosts = [
    shownHost("a-box", { total: cpu, free: cpu }),
    shownHost("mac-10"),
    shownHost("mac-1", { link: "down" }),
    shownHost("mac-2"),
    shownHost("mac-3", { jobs: [1] }),
    shownHost("mac-4", { draining: true }),
  ]
  const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name)
  assert.deepEqual(names(byFreedom(hosts)), ["mac-2", "mac-10", "a-box", "mac-3", "mac-4", "mac-1"])
  assert.deepEqual(names(byName(hosts)), ["a-box", "mac-1", "mac-2", "mac-3", "mac-4", "mac-10"])
})

test("a Mac on which no job of whoever asks could start is not free, and says why", () => {
  const none = { memoryBytes: 0, gpus: 1, cores: 8 }
  const rule = (name: string, value: string) => [{ name, value, from: "host", by: "ada" }] as const
  assert.deepEqual(standingOf(shownHost("m", { freeNowBytes: 0 })), {
    code: "memory",
    text: "other work there leaves jobs 0 B of memory",
  })
  assert.equal(code({ freeNowBytes: 600e6 }), "free")
  const kept = shownHost("m", { total: none, free: none, policy: rule("keep_memory", "900G") })
  assert.deepEqual(standingOf(kept), {
    code: "memory",
    text: "its rules keep 900G of its 512 GB from jobs (keep_memory)",
  })
  const closed = (owner: string | null, who: string) =>
    standingOf(shownHost("m", { owner, policy: rule("who", who), takesYours: false }))
  assert.deepEqual(closed(null, "nobody"), { code: "closed", text: "its rules let nobody's jobs run there (who)" })
  assert.deepEqual(closed("mia", "nobody"), { code: "closed", text: "only jobs of mia (who)" })
  assert.deepEqual(closed("mia", "ada, ben"), { code: "closed", text: "only jobs of mia, ada and ben (who)" })
  assert.equal(code({ policy: rule("who", "ada"), takesYours: true }), "free")
})

test("whether jobs may start is said of all that keeps them off, not only of people", () => {
  const host = (change: Change) => {
    const shown = shownHost("m", change)
    return startText({ ...shown, closed: closedText(shown) })
  }
  const rule = (value: string) => [{ name: "who", value, from: "host", by: "ada" }] as const
  assert.equal(host({}), "jobs may start")
  assert.equal(host({ draining: true }), "no job starts: an administrator has drained it")
  assert.equal(host({ leaving: { ...ada, phase: "left" } }), "no job starts: it has left the pool")
  assert.equal(host({ link: "down", reason: "no route" }), "no job starts: it cannot be reached now (down): no route")
  assert.equal(host({ policy: rule("nobody") }), "no job starts: its rules let nobody's jobs run there (who)")
  assert.equal(host({ policy: rule("nobody"), owner: "mia" }), "jobs of mia may start")
  const paused = [{ code: "paused", text: "paused by ada", until: null }]
  assert.equal(
    host({ draining: true, obstacles: paused }),
    "no job starts: an administrator has drained it; paused by ada",
  )
})
