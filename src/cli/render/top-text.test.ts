import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { NOW, queueJob, shownHost, shownPool } from "../../../test/support/shown-hosts.ts"
import type { TopLook } from "../top/top-look.ts"
import { formatTime } from "./age.ts"
import { textWidth } from "./table.ts"
import { type TopTextOptions, topLines } from "./top-text.ts"

const { hosts, running } = shownPool()
const WAITS = { state: "queued", startedAt: null } as const
const next = [
  queueJob(418, { ...WAITS, user: "bob", name: "sweep", reason: "mac-2 is busy; mac-3: somebody is at it" }),
  queueJob(419, { ...WAITS, submittedAt: NOW - 30_000 }),
]
const LOOK: TopLook = { at: NOW, hosts, queue: { running, waiting: 14, next } }
const CLOCK = formatTime(NOW).slice(11)

function lines(options: Partial<TopTextOptions> = {}, look: Partial<TopLook> = {}): string[] {
  return topLines({ ...LOOK, ...look }, { now: NOW, color: false, trouble: null, ...options })
}

test("hosts stand by name with their jobs below them, then the head of the queue", () => {
  assert.deepEqual(lines({ width: 80 }), [
    `5 hosts: 2 free, 1 busy, 1 owner, 1 down   2 jobs run, 14 wait   ${CLOCK}`,
    "",
    "HOST    NOW    WHO            FREE  GPU  MAC              WHY",
    "box     free   -             56 GB    -  16 cores 64 GB",
    "mac-2   busy   away 3 h     300 GB  98%  M3 Ultra 512 GB",
    "  412  train  ada  1h 02m  41 GB of 48 GB  780% CPU  python train.py",
    "  413  -      bob  20 s      48 GB leased            make",
    "mac-3   owner  here         120 GB   3%  M5 Max 128 GB    somebody is at it: ke…",
    "mac-4   down   -                 -    -  M3 Ultra 512 GB  no route to host",
    "mac-10  free   away 42 min  448 GB   0%  M3 Ultra 512 GB",
    "",
    "WAITING, the first 2 of 14",
    "  418  sweep  bob  1 h   48 GB  mac-2 is busy; mac-3: somebody is at it",
    "  419  -      ada  30 s  48 GB  python train.py",
  ])
})

test("a job that does not run says what it does in place of its time", () => {
  const shown = (change: Parameters<typeof queueJob>[1]) => {
    const job = queueJob(5, { hostId: hosts[0]?.id ?? null, ...change })
    return lines({}, { queue: { running: [job], waiting: 0, next: [] } }).find((line) => line.startsWith("  5"))
  }
  assert.match(shown({ state: "starting", startedAt: null }) ?? "", /ada +starting/)
  assert.match(shown({ state: "suspended" }) ?? "", /ada +stopped/)
  assert.match(shown({ outOfContactSince: NOW - 240_000 }) ?? "", /ada +silent 4 min/)
})

test("an empty pool says what to do, and a queue that is shown whole has no count", () => {
  const none = { running: [], waiting: 0, next: [] }
  assert.deepEqual(lines({}, { hosts: [], queue: none }), [
    `0 hosts   0 jobs run, 0 wait   ${CLOCK}`,
    "",
    "No hosts yet. Let one join: windfall host add user@mac",
  ])
  const short = lines({}, { hosts: [shownHost("mac-1")], queue: { running: [], waiting: 1, next: next.slice(1) } })
  assert.deepEqual(short.slice(-2), ["WAITING", "  419  -  ada  30 s  48 GB  python train.py"])
  assert.match(short[0] ?? "", /^1 host: 1 free {3}0 jobs run, 1 waits/)
})

test("what is wrong stands below the sums, in red where there are colours", () => {
  const trouble = "No answer from the server for 12 s"
  assert.equal(lines({ trouble })[1], trouble)
  assert.equal(lines({ trouble, color: true })[1], `\x1b[31m${trouble}\x1b[0m`)
})

test("no picture is wider or higher than its terminal, whatever hosts and senders say", () => {
  const text = fc.string({ unit: "binary", maxLength: 30 })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 140 }),
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      text,
      (width, height, color, said) => {
        const host = shownHost("mac-1", { link: "down", reason: said, owner: said })
        const job = queueJob(1, { name: said, command: [said], user: said, reason: said, hostId: host.id })
        const queue = { running: [job], waiting: 3, next: [job] }
        const picture = lines({ width, height, color, trouble: said }, { hosts: [host, ...hosts], queue })
        assert.ok(picture.length <= height, `${picture.length} lines of ${height}`)
        for (const line of picture) {
          const plain = line.replaceAll(/\x1b\[\d+m/g, "")
          assert.ok(textWidth(plain) <= width, `${width}: ${plain}`)
          assert.equal(/[\x00-\x1f\x7f-\x9f]/.test(plain), false)
        }
      },
    ),
  )
})

test("what does not fit into the window's height is counted", () => {
  const whole = lines({ width: 80 })
  const cut = lines({ width: 80, height: 6 })
  assert.deepEqual(cut, [...whole.slice(0, 5), `... ${whole.length - 5} more lines`])
  assert.deepEqual(lines({ width: 80, height: whole.length }), whole)
})
