import assert from "node:assert/strict"
import { test } from "node:test"
import type { AgentMessage, AttemptOrder } from "../protocol/agent-wire.ts"
import type { AgentContext } from "./agent-context.ts"
import { Attempt } from "./attempt.ts"
import { darkenFor } from "./darken.ts"

/** What `darken` did, and what was told, for a job that leases so many GPUs. */
async function darkened(gpus: number, mayDarken: (() => boolean) | undefined, fails = false) {
  let times = 0
  const told: AgentMessage[] = []
  const darken = async () => {
    times++
    if (fails) throw new Error("Command failed: /usr/bin/pmset displaysleepnow\nno")
  }
  const context = {
    platform: { darken },
    link: { send: (message: AgentMessage) => told.push(message) },
    ...(mayDarken === undefined ? {} : { mayDarken }),
  } as unknown as AgentContext
  const order = { lease: { memoryBytes: 1, gpus, cores: 1 } } as AttemptOrder
  const attempt = new Attempt("a1" as never, 7 as never, 1, "/nowhere", order)
  attempt.adopted = true
  darkenFor(context, attempt)
  await new Promise((resolve) => setImmediate(resolve))
  return { times, told }
}

test("the display is put to sleep for a GPU job alone, and only where that is allowed", async () => {
  assert.equal((await darkened(1, () => true)).times, 1)
  assert.equal((await darkened(0, () => true)).times, 0)
  assert.equal((await darkened(1, () => false)).times, 0)
  assert.equal((await darkened(1, undefined)).times, 0, "without a word of the owner it is left alone")
})

test("where it cannot be done the job's owner is told, once and in one line", async () => {
  const { told } = await darkened(1, () => true, true)
  assert.deepEqual(
    told.map((message) => message.type === "notice" && [message.attempt, message.message]),
    [["a1", "Cannot put the display to sleep for job 7: Command failed: /usr/bin/pmset displaysleepnow"]],
  )
})
