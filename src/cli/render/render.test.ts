import assert from "node:assert/strict"
import { test } from "node:test"
import type { TokenView } from "../../protocol/api.ts"
import type { BlobHash, JobId } from "../../protocol/ids.ts"
import type { JobView } from "../../protocol/job.ts"
import { toJobSpec } from "../../protocol/job-values.ts"
import { jobPage } from "../commands/show.ts"
import { tokenTable } from "../commands/token.ts"
import { listedNumber } from "./array-text.ts"
import { checkpointText } from "./checkpoint-text.ts"
import { homecomingNotes, homecomingText } from "./homecoming-text.ts"
import { commandText, endText, jobExitCode, standingText, stoppedText } from "./job-text.ts"
import { progressText } from "./progress.ts"
import { planOfText, queueText } from "./queue-text.ts"
import { cutText, printable, renderTable, textWidth } from "./table.ts"
import { usageText } from "./usage-text.ts"

test("renderTable() lines up columns, cuts at the terminal's width and shows control characters as text", () => {
  const columns = [{ title: "N", right: true }, { title: "NAME" }, { title: "COMMAND" }]
  const rows = [
    ["1", "a", "python train.py --epochs 100"],
    ["12", "模型", "echo \x1b[31mred"],
  ]
  assert.equal(
    renderTable(columns, rows, 24),
    " N  NAME  COMMAND\n" + " 1  a     python train.…\n" + "12  模型  echo \\x1b[31m…\n",
  )
})

test("text is measured in terminal columns", () => {
  assert.equal(textWidth("é"), 1)
  assert.equal(textWidth("e\u0301"), 1)
  assert.equal(textWidth("模型"), 4)
  assert.equal(cutText("模型模型", 5), "模型…")
  assert.equal(printable("a\nb\u009b"), "a\\nb\\x9b")
})

test("a command is shown as a shell would read it", () => {
  assert.equal(commandText(["python", "a b.py", "it's", "x=1", ""]), "python 'a b.py' 'it'\\''s' x=1 ''")
  assert.equal(commandText(["a\x1b"]), "$'a\\x1b'")
})

test("the last line says how a job ended, after how long, where, and its memory", () => {
  const job = jobView({ state: "failed", cause: "exited", exitCode: 3, attempts: [attempt()] })
  assert.equal(
    endText(job),
    "job 12 (train) failed with exit code 3 after 12.4 s on studio; peak memory 1.2 GB of 48 GB",
  )
  assert.equal(jobExitCode(job), 3)
  const outputs = { state: "none", tree: null, files: 0, bytes: 0, unmatched: ["res/*", "a"] } as const
  assert.match(endText({ ...job, outputs }), /; --output 'res\/\*' a matched nothing$/)
  const short = jobView({ state: "succeeded", cause: "exited", attempts: [{ ...attempt(), endedAt: 1_000 }] })
  assert.match(endText(short), /succeeded in under 0\.1 s on studio/)
  assert.match(endText({ ...short, state: "failed", exitCode: 127 }), /exit code 127 in under 0\.1 s/)
  const killed = (signal: number) => endText({ ...job, cause: "signalled", exitCode: null, signal })
  assert.match(killed(11), /was ended by signal 11 \(SIGSEGV\) after 12\.4 s/)
  assert.match(killed(10), /was ended by signal 10 after/)
  const queued = jobView({ state: "queued", place: 3, reason: "all hosts are busy" })
  assert.equal(standingText(queued, 0), "queued, place 3: all hosts are busy")
  const silent = jobView({
    state: "running",
    attempts: [{ ...attempt(), state: "running", endedAt: null, outOfContactSince: 1_000 }],
  })
  assert.equal(standingText(silent, 61_000), "out of contact with studio for 1m 00s")
})

test("how a job ended is told as its state has it, whatever the cause", () => {
  const told = (state: JobView["state"], cause: JobView["cause"], reason: string | null = null) =>
    endText(jobView({ state, cause, reason }))
  assert.equal(
    told("cancelled", "preempted", "job 70 takes its place"),
    "job 12 (train) was cancelled (preempted): job 70 takes its place",
  )
  assert.equal(told("timed_out", "deadline"), "job 12 (train) timed out (deadline)")
  assert.equal(told("failed", "start_failed"), "job 12 (train) failed (start_failed)")
  assert.match(
    jobPage(jobView({ state: "timed_out", cause: "deadline" }), 0),
    /^state +timed_out: it timed out \(deadline\)$/m,
  )
})

test("an array of which only held tasks are left is listed with these", () => {
  const array = { waiting: "", held: "8-9", blocked: "", atOnce: null } as JobView["array"] & object
  assert.equal(listedNumber(jobView({ state: "held", array })), "12_[8-9]")
  assert.equal(listedNumber(jobView({ state: "running", array: { ...array, held: "" } })), "12")
})

test("who is kept out of the queue is not counted among those that wait and are not shown", () => {
  const entry = { user: "ann", name: null, account: null, qos: null, partition: "apple_gpu", priority: null } as const
  const waits = { code: "resources", reason: "", startAt: null, estimate: false, hosts: [] }
  const entries = [1, 2, null].map((place, at) => ({ ...entry, ...waits, job: (at + 1) as JobId, place }))
  const text = (waiting: number) => queueText({ policy: 0, at: 0, waiting, entries })
  assert.doesNotMatch(text(2), /more/)
  assert.match(text(3), /^and 1 more that wait/m)
})

test("the queue says where nobody knows how late a job starts, since one before it has no time yet", () => {
  const who = { user: "ann", name: null, account: null, qos: null, partition: "apple_gpu", priority: null } as const
  const waits = { code: "resources", reason: "", startAt: 600_000, estimate: false, hosts: [] }
  const entries = [
    { ...who, ...waits, job: 1 as JobId, place: 1 },
    { ...who, ...waits, job: 2 as JobId, place: 2, behind: 3 as JobId },
  ]
  const text = queueText({ policy: 0, at: 0, waiting: 2, entries })
  assert.match(text, /in 10m 00s *$/m)
  assert.match(text, /in 10m 00s or later +; how late nobody can say, as job 3 before it/m)
})

test("of a job that may not run as things are said the expected start is none", () => {
  const expected = { from: null, to: null, hosts: [], estimate: false, rests: "as long as there is no account vision" }
  const text = (one: typeof expected & { none?: true }) =>
    planOfText({ job: 1 as JobId, summary: "", code: "not_allowed", place: null, hosts: [], expected: one }, 0)
  assert.equal(text({ ...expected, none: true }), "\nExpected start: none (as long as there is no account vision)\n")
  assert.match(text(expected), /^Expected start: nobody can say /m)
})

test("usage by model says that no job has served one", () => {
  const hours = {
    ranS: 3600,
    gpuS: 0,
    coreS: 0,
    memoryGibS: 0,
    chargedS: 0,
    stoppedS: 0,
    ownS: 0,
    lentS: 0,
    donatedS: 0,
  }
  const row = (name: string | null) => ({ name, jobs: 1, attempts: 1, ...hours })
  const text = (...names: (string | null)[]) => usageText({ by: "model", since: 0, until: 1, rows: names.map(row) })
  assert.match(text(null), /^\(none\) +1 [\s\S]*No job of that time served a model/m)
  assert.doesNotMatch(text(null, "qwen"), /No job/)
})

test("a stop says what it came to", () => {
  const stopped = (parts: Partial<JobView>) => stoppedText(jobView(parts), 0)
  assert.equal(stopped({ state: "running" }), "stopping, running")
  const silent = { ...attempt(), state: "running", endedAt: null, outOfContactSince: -60_000 } as const
  assert.match(
    stopped({ state: "running", attempts: [silent] }),
    /^stopping; studio has been out of contact for 1m 00s: the stop is kept, .*windfall stop \d+ --now$/,
  )
  assert.match(stopped({ state: "finishing" }), /^its command had ended; what had not come .* is given up$/)
  const outputs = { state: "lost", tree: null, files: 0, bytes: 0, problem: "lena stopped it" } as const
  const ended = { state: "succeeded", cause: "exited", exitCode: 0 } as const
  assert.equal(stopped({ ...ended, outputs }), "succeeded; no files: lena stopped it")
  assert.equal(stopped({ state: "cancelled", cause: "cancelled" }), "was stopped")
})

test("a job that is finishing says what it waits for", () => {
  const job = jobView({ state: "finishing", reason: "its files do not come", attempts: [attempt()] })
  assert.equal(standingText(job, 0), "finishing on studio: its files do not come")
})

test("exit codes: the job's own, 128+n, 124, 125, 130", () => {
  const code = (parts: Partial<JobView>) => jobExitCode(jobView(parts))
  assert.equal(code({ cause: "exited", exitCode: 2 }), 2)
  assert.equal(code({ cause: "signalled", signal: 9 }), 137)
  assert.equal(code({ cause: "time_limit", signal: 15 }), 124)
  assert.equal(code({ cause: "cancelled", signal: 15 }), 130)
  assert.equal(code({ cause: "host_crashed" }), 125)
  assert.equal(code({ cause: null }), 125)
})

test("files that came home are counted beside those an earlier try brought, and what waits is named", () => {
  const came = { written: ["a"], kept: ["b", "c"], setAside: [], refused: [], lost: [], bytes: 2048 }
  assert.equal(homecomingText(came), "1 file came home (2 KB), 2 were here already")
  const refused = [
    { path: "out", reason: "it is a link here", waits: true },
    { path: ".git", reason: "never", waits: false },
  ]
  assert.deepEqual(homecomingNotes({ ...came, refused }, 12), [
    "out was not written: it is a link here",
    ".git was not written: never",
    "what is in out still waits: windfall get 12 -o DIR, with another folder",
  ])
})

test("progress says how much, how fast and how long still", () => {
  assert.equal(
    progressText("sending", 12 * 1024 ** 2, 48 * 1024 ** 2, 2_000),
    "sending [###.......] 25%  12 MB of 48 MB  6 MB/s  6.0 s left",
  )
})

function jobView(parts: Partial<JobView>): JobView {
  const facts = {
    kind: "task",
    command: ["x"],
    environment: {},
    workspace: null,
    workingFolder: "",
    stdin: null,
    terminal: null,
    git: null,
  } as const
  return {
    id: 12 as JobView["id"],
    user: "mia",
    spec: toJobSpec({ name: "train", memory: 48 * 1024 ** 3 }, facts),
    state: "failed",
    cause: null,
    exitCode: null,
    signal: null,
    reason: null,
    place: null,
    submittedAt: 0,
    startedAt: null,
    endedAt: null,
    attempts: [],
    outputs: null,
    ...parts,
  }
}

function attempt(): JobView["attempts"][number] {
  return {
    id: "a" as JobView["attempts"][number]["id"],
    number: 1,
    hostId: "h" as JobView["attempts"][number]["hostId"],
    hostName: "studio",
    state: "ended",
    outOfContactSince: null,
    startedAt: 1_000,
    endedAt: 13_400,
    cause: "exited",
    exitCode: 3,
    signal: null,
    message: null,
    peakMemoryBytes: 1.2 * 1024 ** 3,
    stdoutBytes: 0,
    stderrBytes: 0,
    suspended: null,
    suspendedMs: 0,
  }
}

test("what an attempt left to the next is told with what is on its way and what was lost", () => {
  assert.deepEqual(checkpointText(jobView({})), [])
  const { spec } = jobView({})
  assert.deepEqual(checkpointText(jobView({ spec: { ...spec, checkpoint: [] } })), ["none"])
  const kept = { attempt: 1, tree: "" as BlobHash, files: 2, bytes: 2048 }
  const checkpoint = { kept, awaited: { attempt: 2, until: 0 }, problem: null }
  const text = "attempt 1 left 2 files, 2 KB; what attempt 2 wrote is on its way"
  assert.deepEqual(checkpointText(jobView({ checkpoint })), [text])
  const lost = { kept: null, awaited: null, problem: "what attempt 2 wrote is lost with its host" }
  assert.deepEqual(checkpointText(jobView({ spec: { ...spec, checkpoint: ["a/*"] }, checkpoint: lost })), [
    `'a/*'; ${lost.problem}`,
  ])
})

test("of a path that is of another kind here nobody says that it changed", () => {
  const nothing = { written: [], kept: [], refused: [], lost: [], bytes: 0 }
  const setAside = [
    { path: "a", as: "a.17" },
    { path: "dd", as: "dd.17", here: "folder" as const },
  ]
  assert.deepEqual(homecomingNotes({ ...nothing, setAside }, 17), [
    "a changed here meanwhile; the job's is beside it: a.17",
    "dd is a folder here and something else in the job; the job's is beside it: dd.17",
  ])
})

test("tokens that have expired are marked", () => {
  const token = (id: string, expiresAt: number | null) =>
    ({ id: id as TokenView["id"], user: "mia", role: "user", createdAt: 0, expiresAt }) as const
  const [, past, later, never] = tokenTable([token("t1", 5_000), token("t2", 5_001), token("t3", null)], 5_000).split(
    "\n",
  )
  assert.match(past ?? "", /^t1 .* \(expired\)$/)
  assert.match(later ?? "", /^t2 .*:\d\d$/)
  assert.match(never ?? "", /^t3 .* never$/)
})
