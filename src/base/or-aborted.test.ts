import assert from "node:assert/strict"
import { test } from "node:test"
import { orAborted } from "./or-aborted.ts"

test("work ends as it ends, or with the signal's reason before", async () => {
  const stop = new AbortController()
  assert.equal(await orAborted(Promise.resolve(1), stop.signal), 1)
  await assert.rejects(orAborted(Promise.reject(new Error("its own")), stop.signal), /its own/)
  const waiting = orAborted(new Promise(() => {}), stop.signal)
  stop.abort(new Error("stopped"))
  await assert.rejects(waiting, /stopped/)
  await assert.rejects(orAborted(new Promise(() => {}), stop.signal), /stopped/)
})
