import assert from "node:assert/strict"
import { test } from "node:test"
import { systemClock } from "../../base/clock.ts"
import type { LogGap } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { AttemptId, HostId, JobId } from "../../protocol/ids.ts"
import { DEFAULT_SPEC, type JobView } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import type { Client } from "../client.ts"
import type { Output } from "../output.ts"
import { type ConcludeOptions, conclude } from "./conclude.ts"
import type { FollowEnd } from "./follow-job.ts"
import { JobSink } from "./job-sink.ts"

const RUNNING: JobView = {
  id: 7 as JobId,
  user: "ada",
  spec: { ...DEFAULT_SPEC, command: ["true"] },
  state: "running",
  cause: null,
  exitCode: null,
  signal: null,
  reason: null,
  place: null,
  submittedAt: 0,
  startedAt: 0,
  endedAt: null,
  attempts: [],
  outputs: null,
}
const ATTEMPTS: JobView["attempts"] = [
  {
    id: "a1" as AttemptId,
    number: 1,
    hostId: "h1" as HostId,
    hostName: "studio",
    state: "ended",
    cause: "exited",
    exitCode: 0,
    signal: null,
    message: null,
    startedAt: 0,
    endedAt: 1_000,
    outOfContactSince: null,
    stdoutBytes: 100,
    stderrBytes: 0,
    peakMemoryBytes: null,
    suspended: null,
    suspendedMs: 0,
  },
]
const ended = (exitCode: number): JobView => ({
  ...RUNNING,
  state: exitCode === 0 ? "succeeded" : "failed",
  cause: "exited",
  exitCode,
})

/** What is said, and the exit code, when the token was refused as the job stood like this. */
async function refusedWith(job: JobView): Promise<{ exitCode: number; said: string }> {
  const error = new WindfallError("not_logged_in", "Cannot accept the request: the token is not known here")
  return concluded({ kind: "server_lost", error, job }, false, null)
}

async function concluded(
  end: FollowEnd,
  quiet: boolean,
  home: ConcludeOptions["home"],
  { isTerminal = false, gap = null as LogGap["gap"] | null } = {},
): Promise<{ exitCode: number; said: string }> {
  let said = ""
  const out: Output = {
    isTerminal,
    columns: 80,
    closed: false,
    write: async (data) => {
      said += String(data)
    },
  }
  const client = { url: "http://127.0.0.1:1", get: async () => ({ hints: [] }) } as unknown as Client
  const around = { client, settings: { stateFolder: "/nowhere" } }
  const cli = { ...around, stdout: out, stderr: out, clock: systemClock() } as Cli
  const sink = new JobSink(cli, { json: false, quiet })
  if (gap !== null) await sink.gap(gap)
  said = ""
  const exitCode = await conclude(cli, end, { sink, home })
  return { exitCode, said }
}

test("who is let in no more does not know how the job ends, and is told how to see it", async () => {
  const { exitCode, said } = await refusedWith(RUNNING)
  assert.equal(exitCode, 125)
  assert.equal(
    said,
    "windfall: Cannot follow job 7 any longer: the token was revoked\n" +
      "windfall: job 7 goes on without you watching. Log in again (windfall login URL), then: windfall attach 7\n",
  )
})

test("a job's end that is known is told, with the job's own code; without all of its output it is no success", async () => {
  const failed = await refusedWith(ended(3))
  assert.equal(failed.exitCode, 3)
  assert.match(failed.said, /job 7 failed with exit code 3; not all of its output has come: windfall logs 7 /)
  assert.doesNotMatch(failed.said, /goes on/)
  const succeeded = await refusedWith(ended(0))
  assert.equal(succeeded.exitCode, 125)
  assert.match(succeeded.said, /job 7 succeeded; not all of its output has come: windfall logs 7 /)
})

test("files too large to come home unasked are told in spite of -q", async () => {
  const outputs = { state: "ready", tree: null, files: 2, bytes: 2 * 1024 ** 3 } as const
  const home = { into: "/nowhere", yes: false, remember: () => undefined }
  const { exitCode, said } = await concluded({ kind: "settled", job: { ...ended(0), outputs } }, true, home)
  assert.equal(exitCode, 0)
  assert.equal(
    said,
    "windfall: job 7 succeeded; 2 files (2 GB) wait, as that is more than 1 GB and --yes was not given: windfall get 7\n",
  )
})

test("a success whose standard output has a gap is none to a program that reads it; a person was told", async () => {
  const end = (exitCode: number): FollowEnd => ({ kind: "settled", job: { ...ended(exitCode), attempts: ATTEMPTS } })
  const gap = { stream: "stdout", from: 10, to: 30 } as const
  const piped = await concluded(end(0), true, null, { gap })
  assert.equal(piped.exitCode, 125)
  assert.match(piped.said, /job 7 succeeded.*; 20 B of its standard output were not kept, so this ends with 125\n$/)
  assert.equal((await concluded(end(3), true, null, { gap })).exitCode, 3)
  assert.equal((await concluded(end(0), true, null, { gap: { ...gap, stream: "stderr" } })).exitCode, 0)
  assert.equal((await concluded(end(0), true, null, { gap, isTerminal: true })).exitCode, 0)
})

test("a job that succeeded and whose files could not be had is no success; one that failed keeps its exit code", async () => {
  const outputs = { state: "lost", tree: null, files: 0, bytes: 0, problem: "ada stopped it" } as const
  const home = { into: "/nowhere", yes: false, remember: () => undefined }
  for (const [own, expected] of [
    [0, 125],
    [3, 3],
  ] as const) {
    const job = { ...ended(own), attempts: ATTEMPTS, outputs }
    const { exitCode, said } = await concluded({ kind: "settled", job }, true, home)
    assert.equal(exitCode, expected)
    assert.match(said, /its files could not be had: ada stopped it/)
  }
})
