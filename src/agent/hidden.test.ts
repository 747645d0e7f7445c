import assert from "node:assert/strict"
import { test } from "node:test"
import { makeOrder } from "../../test/support/agent-orders.ts"
import { Attempt } from "./attempt.ts"
import { hiddenIn } from "./hidden.ts"
import type { ProcessRow } from "./platform/platform.ts"

/** Starts are seconds here, and it is second 1000 now. */
const NOW_S = 1_000
const FORKER = 50
const SUPERVISOR = 60

function row(pid: number, ppid: number, start: number, more: Partial<ProcessRow> = {}): ProcessRow {
  return {
    pid,
    ppid,
    pgid: pid,
    session: pid,
    start: `${start}`,
    residentBytes: 0,
    cpuMs: 0,
    name: "x",
    ofSystem: false,
    isStopped: false,
    ...more,
  }
}

/** The agent with its ancestors and forker, long there. */
const OURS = [row(1, 0, 1), row(40, 1, 500), row(process.pid, 40, 501), row(FORKER, process.pid, 502)]

function attemptOf(sequence: number, pid: number, start: number, endedAgoS: number | null): Attempt {
  const { attempt: id, job } = makeOrder(sequence, ["true"])
  const attempt = new Attempt(id, job, sequence, "/nowhere", null)
  attempt.supervisor = { pid, start: `${start}` }
  attempt.phase = endedAgoS === null ? "running" : "lost"
  const times = { startedAt: start * 1000, endedAt: (NOW_S - (endedAgoS ?? 0)) * 1000 }
  const rest = { exitCode: 0, signal: null, peakMemoryBytes: 0, stdoutBytes: 0, stderrBytes: 0 }
  attempt.status = endedAgoS === null ? null : { cause: "exited", ...times, ...rest }
  return attempt
}

/** Pids of those accused at the end of an attempt that began in second 600. */
function accused(rows: readonly ProcessRow[], others: readonly Attempt[] = [], endedAgoS = 0): number[] {
  const attempt = attemptOf(1, SUPERVISOR, 600, endedAgoS)
  const context = {
    clock: { now: () => NOW_S * 1000 },
    platform: {
      ofAccount: (all: readonly ProcessRow[]) => all.filter(({ pid }) => pid !== 1),
      startBefore: (agoMs: number) => NOW_S - agoMs / 1000,
    },
    forker: { pid: FORKER },
    attempts: new Map([attempt, ...others].map((each) => [each.sequence, each])),
    leftovers: { has: ({ pid }: { pid: number }) => pid === 99 },
  }
  return hiddenIn([...OURS, ...rows], context as never, attempt).map(({ pid }) => pid)
}

test("an orphan that came up while the attempt ran is accused, with what is below it", () => {
  assert.deepEqual(accused([row(70, 1, 650), row(71, 70, 900), row(72, 40, 660)]), [70, 71, 72])
})

test("who has a parent elsewhere, the system's own and what is known are not", () => {
  const rows = [
    row(70, 1, 650, { ofSystem: true }),
    row(80, 2, 650), // below a login of this account
    row(SUPERVISOR, 1, 600),
    row(81, 1, 601, { pgid: SUPERVISOR }), // what holds sleep off for it
    row(82, FORKER, 700),
    row(83, process.pid, 700),
    row(99, 1, 300), // a stray that is known, older than the attempt
    row(98, 99, 700),
  ]
  assert.deepEqual(accused(rows), [])
})

test("one process from before that nobody can place says that others use the account: nobody is accused", () => {
  assert.deepEqual(accused([row(70, 1, 650), row(30, 1, 590)]), [])
})

test("what may be of an attempt that still runs is not accused yet", () => {
  const early = attemptOf(2, 61, 550, null)
  assert.deepEqual(accused([row(61, 1, 550), row(70, 1, 650)], [early]), [])
  const late = attemptOf(2, 61, 800, null)
  assert.deepEqual(accused([row(61, 1, 800), row(70, 1, 650), row(71, 1, 850)], [late]), [70])
})

test("what came up long after the end, while no agent was there, is not accused", () => {
  assert.deepEqual(accused([row(70, 1, 650), row(71, 1, 900)], [], 200), [70])
})
