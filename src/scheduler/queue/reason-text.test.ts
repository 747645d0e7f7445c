import assert from "node:assert/strict"
import { test } from "node:test"
import type { JobId } from "../../protocol/ids.ts"
import { reasonText } from "./reason-text.ts"

test("who waits for others to make room is told which stay there, suspended, and which go", () => {
  const text = (jobs: readonly number[], suspended: readonly number[]) =>
    reasonText(
      { code: "preempting", jobs: jobs as JobId[], suspended: suspended as JobId[], untilMs: 60_000 },
      0,
    ).replace(", in 1m 00s at the latest", "")
  assert.equal(text([103, 102, 100], [103, 102]), "starts when jobs 103 and 102 are suspended and job 100 is gone")
  assert.equal(text([103, 103], [103, 103]), "starts when job 103 is suspended")
  assert.equal(text([100, 101], []), "starts when jobs 100 and 101 are gone")
})
