import assert from "node:assert/strict"
import type { WindfallEvent } from "../../src/protocol/events.ts"
import type { JobView } from "../../src/protocol/job.ts"
import { CAUSES, isFinal, mayBecome } from "../../src/protocol/job-state.ts"
import { hashBytes } from "../../src/workspace/hash.ts"
import type { Toll } from "./faults.ts"
import type { Ground } from "./ground.ts"
import { type LedgerJob, readLedger } from "./ledger-job.ts"

/** Exit codes by which a ledger job says that the disk was full, or its input not what it should be. */
const COULD_NOT_WRITE = 77

/** Checks an ended job against its ledger. @throws AssertionError */
export async function checkJob(ground: Ground, job: LedgerJob, view: JobView, toll: Toll): Promise<void> {
  const { starts, ends } = readLedger(job)
  assert.ok(isFinal(view.state), `it has ended: ${view.state}`)
  assert.ok(view.cause !== null && CAUSES.includes(view.cause), `its cause is of the list: ${view.cause}`)
  assert.equal(new Set(starts).size, starts.length, "no attempt ran twice")
  assert.ok(starts.length <= 1 + job.retries, `no more runs than its policy allows: ${starts}`)
  for (const started of starts) {
    assert.ok(
      view.attempts.some(({ number }) => number === started),
      `attempt ${started} is known`,
    )
  }
  const last = view.attempts.at(-1)
  assert.ok(last !== undefined || starts.length === 0, "a job that ran has an attempt")
  const stdout = await ground.pool.log(job.id)
  const stderr = await ground.pool.log(job.id, "stderr")
  if (toll === "nothing") {
    assert.equal(view.cause, "exited", `nothing was lost: ${view.reason}`)
    assert.equal(starts.length, 1, "it ran once")
  }
  if (view.cause !== "exited") {
    assert.notEqual(toll, "nothing")
    assert.notEqual(view.state, "succeeded")
    assert.ok(stdout.equals(job.stdout.subarray(0, stdout.length)), "what is kept of its stdout is the beginning of it")
    // Before that of a job with an environment comes what its build said.
    const own = job.kind === "environment" ? Buffer.alloc(0) : stderr
    assert.ok(own.equals(job.stderr.subarray(0, own.length)), "what is kept of its stderr is the beginning of it")
    if (toll === "attempts") assert.ok(view.attempts.length > job.retries, "it was tried as often as it may be")
    return
  }
  const ended = ends.find(({ attempt }) => attempt === last?.number)
  assert.ok(ended !== undefined, "an attempt that is said to have exited noted its end")
  assert.equal(starts.at(-1), last?.number, "nothing ran after the attempt that counts")
  assert.equal(view.exitCode, ended.exitCode, "the verdict is the ledger's")
  assert.equal(view.state, ended.exitCode === 0 ? "succeeded" : "failed")
  if (toll === "writes" && ended.exitCode === COULD_NOT_WRITE) return
  assert.equal(ended.exitCode, job.exitCode)
  assertSame(stdout, job.stdout, "stdout")
  const own = job.kind === "environment" ? stderr.subarray(-job.stderr.length) : stderr
  assertSame(own, job.stderr, "stderr")
  if (job.made === null) return assert.equal(view.outputs?.state, "none")
  if (toll === "writes" && view.outputs?.state === "lost") return
  assert.equal(view.outputs?.state, "ready")
  const { files } = await ground.pool.api<{ files: { path: string; bytes: number; hash: string }[] }>(
    "GET",
    `/v1/jobs/${job.id}/outputs`,
  )
  assert.deepEqual(
    files.map(({ path, bytes, hash }) => ({ path, bytes, hash })),
    [{ path: "out/made", bytes: job.made.length, hash: hashBytes(job.made) }],
  )
}

/** Checks what the record of events says of a job: only allowed steps, one end, and no change of the verdict. */
export function checkStory(events: readonly WindfallEvent[], view: JobView): void {
  let state = "queued"
  let verdict: string | null = null
  for (const event of events) {
    if (!("job" in event) || event.job !== view.id) continue
    if (event.type === "attempt_ended") {
      const told = `${event.cause} ${event.exitCode} ${event.signal}`
      const attempt = view.attempts.find(({ id }) => id === event.attempt)
      assert.equal(told, `${attempt?.cause} ${attempt?.exitCode} ${attempt?.signal}`, "an attempt's end never changes")
    }
    if (event.type !== "job_state") continue
    assert.equal(event.from, state)
    assert.ok(mayBecome(event.from, event.to), `${event.from} -> ${event.to}`)
    if (event.to === "finishing") verdict = event.cause
    if (isFinal(event.to) && verdict !== null) assert.equal(event.cause, verdict, "a durable verdict never changes")
    state = event.to
  }
  assert.equal(state, view.state)
}

function assertSame(found: Buffer, expected: Buffer, what: string): void {
  if (found.equals(expected)) return
  const at = found.findIndex((byte, i) => byte !== expected[i])
  const where = at < 0 ? Math.min(found.length, expected.length) : at
  assert.fail(
    `${what} has ${found.length} bytes instead of ${expected.length}, other than expected from ${where}: ${JSON.stringify(
      found.subarray(Math.max(0, where - 40), where + 40).toString(),
    )}`,
  )
}
