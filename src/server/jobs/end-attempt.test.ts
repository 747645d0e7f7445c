import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"

/** A job whose host tells of its end in these words of its own clock. */
async function endedJob(startedAt: number, endedAt: number) {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const { id } = await server.submit()
  await server.untilState(id, "running")
  const attempt = [...host.attempts.values()].find(({ order }) => order.job === id)!
  const { attempt: name, sequence } = attempt.order
  const exit = {
    cause: "exited",
    exitCode: 0,
    signal: null,
    startedAt,
    endedAt,
    peakMemoryBytes: null,
    message: null,
  } as const
  host.tell({ type: "exited", attempt: name, sequence, exit, stdoutBytes: 0, stderrBytes: 0 })
  const job = await server.untilState(id, "finishing")
  const [shown] = job.attempts
  assert.ok(shown?.startedAt != null && shown.endedAt !== null)
  return { ...shown, startedAt: shown.startedAt, endedAt: shown.endedAt, submittedAt: job.submittedAt }
}

test("what a job took is what its host measured, however late the news", async () => {
  const { startedAt, endedAt } = await endedJob(5_000, 5_000)
  assert.equal(endedAt, startedAt)
})

test("a host whose clock jumped makes no job end before it began, or later than now", async () => {
  const back = await endedJob(5_000, 1)
  assert.ok(back.startedAt <= back.endedAt && back.endedAt <= Date.now())
  const ahead = await endedJob(1, 10 ** 12)
  assert.ok(ahead.submittedAt <= ahead.startedAt && ahead.endedAt <= Date.now())
})

test("a job for which its host had no room says what to type", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  for (const [cause, message] of [
    ["disk_full", "Cannot place the data big: the disk is full"],
    ["data_failed", "Cannot make room for 9 GB of data: Windfall may keep 8 GB on this host now"],
    ["environment_failed", "Cannot build the environment: the disk is full"],
  ] as const) {
    host.script = ({ tell }, { order: { attempt, sequence } }) =>
      tell.call(host, { type: "refused", attempt, sequence, cause, message })
    const { reason } = await server.untilEnded((await server.submit()).id)
    assert.equal(
      reason,
      `${message}. What is held there: windfall host show alpha; on another host: windfall send --host NAME`,
    )
  }
})
