import assert from "node:assert/strict"
import { test } from "node:test"
import { taskSpec } from "../../../test/support/test-server.ts"
import type { WindfallError } from "../../protocol/errors.ts"
import type { JobValues } from "../../protocol/job-fields.ts"
import { JOB_FIELDS } from "../../protocol/job-fields.ts"
import { readFieldText } from "../../protocol/job-values.ts"
import { withQueueValues } from "./queue-values.ts"

const CLOCK = { nowMs: Date.UTC(2026, 0, 5, 12), timeZone: "Europe/Berlin" }
const read = (values: JobValues) => withQueueValues(taskSpec(), values, CLOCK)

test("moments are read by the sender's clock, jobs in short words, partitions as a list", () => {
  const { queue, partition } = read({
    begin: "18:00",
    deadline: "tomorrow 09:00",
    after: "ok:12, started:13+10,singleton",
    partition: "big,apple_gpu",
    nice: 5,
  })
  assert.equal(partition, "big")
  assert.deepEqual(queue, {
    account: null,
    qos: null,
    partitions: ["big", "apple_gpu"],
    nice: 5,
    hold: false,
    beginAt: Date.UTC(2026, 0, 5, 17),
    deadlineAt: Date.UTC(2026, 0, 6, 8),
    after: "afterok:12,after:13+10,singleton",
    booking: null,
  })
  assert.equal(read({ after: "notok:1?any:2:3" }).queue?.after, "afternotok:1?afterany:2:3")
})

test("what cannot be read is refused with the field it is of", () => {
  for (const [values, field] of [
    [{ begin: "soon" }, "begin"],
    [{ deadline: "now-1hours" }, "deadline"],
    [{ after: "12" }, "after"],
    [{ after: "oka:12" }, "after"],
    [{ after: "ok:12,any:13?ok:14" }, "after"],
  ] as const) {
    assert.throws(
      () => read(values),
      ({ code, details, message }: WindfallError) =>
        code === "invalid_input" && details?.field === field && message.startsWith(`Cannot use --${field}: `),
    )
  }
})

test("nice is read below 0 too, as it is the server that knows who may", () => {
  assert.equal(readFieldText(JOB_FIELDS.nice, "-100"), -100)
  assert.equal(readFieldText(JOB_FIELDS.nice, "100"), 100)
  for (const text of ["--5", "5-", "-", "1.5", "-2147483646"]) {
    assert.throws(() => readFieldText(JOB_FIELDS.nice, text), SyntaxError)
  }
  assert.throws(() => readFieldText(JOB_FIELDS.cores, "-1"), /is not a whole number/)
})
