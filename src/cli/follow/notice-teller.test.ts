import assert from "node:assert/strict"
import { test } from "node:test"
import type { JobView } from "../../protocol/job.ts"
import type { Client } from "../client.ts"
import { tellNotices } from "./notice-teller.ts"

test("what is noted of a job that runs is told once, without what could steer the terminal", async () => {
  const over = new AbortController()
  const events = [
    { sequence: 3, type: "job_state", job: 7 },
    { sequence: 4, type: "notice", job: 7, message: "It listens on port 8000\u001b[2J" },
  ]
  const asked: number[] = []
  const client = {
    get: async (_path: string, { query }: { query: { after: number } }) => {
      asked.push(query.after)
      return { events: events.filter(({ sequence }) => sequence > query.after) }
    },
  } as unknown as Client
  const states = ["queued", "running", "running", "running"]
  const waits: number[] = []
  const said: string[] = []
  await tellNotices(
    {
      client,
      clock: {
        sleep: async (ms) => {
          waits.push(ms)
          if (waits.length === 4) events.push({ sequence: 9, type: "notice", job: 7, message: "It steps back" })
          if (waits.length > 4) over.abort()
        },
      },
      job: () => ({ id: 7, state: states[waits.length - 1] ?? "running" }) as JobView,
      say: async (text) => {
        said.push(text)
      },
    },
    over.signal,
  )
  assert.deepEqual(said, ["job 7: It listens on port 8000\\x1b[2J", "job 7: It steps back"])
  assert.deepEqual(waits, [3_000, 15_000, 15_000, 15_000, 15_000])
  assert.deepEqual(asked, [0, 4, 4, 9])
})
