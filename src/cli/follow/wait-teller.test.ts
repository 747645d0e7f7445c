import assert from "node:assert/strict"
import { test } from "node:test"
import type { JobView } from "../../protocol/job.ts"
import type { Client } from "../client.ts"
import { WaitReason } from "./wait-reason.ts"
import { WaitTeller } from "./wait-teller.ts"

/** A job that waits, and what is said of it as the time and the server's answers go on. */
function scene(job: Partial<JobView>) {
  const said: string[] = []
  const scene = {
    said,
    now: 0,
    asked: 0,
    job: { id: 7, state: "queued", place: null, reason: null, attempts: [], ...job } as unknown as JobView,
    waits: { code: "starting", summary: "Starts now on a" } as { code: string; summary: string } | null,
  }
  const client = {
    get: async () => {
      scene.asked++
      if (scene.waits === null) throw new Error("the server is away")
      return scene.waits
    },
  } as unknown as Client
  const teller = new WaitTeller({
    reason: new WaitReason(client, () => scene.now),
    job: () => scene.job,
    now: () => scene.now,
    say: async (text) => void said.push(text),
  })
  return Object.assign(scene, { teller })
}

const AGAIN = "attempt 1 on mac-1 ended (owner_returned): it is tried again"
const attempts = [{ number: 1 }] as unknown as JobView["attempts"]

test("a job that has left its Mac is said to be queued again, with why it waits; anew once that is none it gets out of", async () => {
  const one = scene({ attempts, reason: AGAIN })
  one.waits = { code: "checkpoint_coming", summary: "Waits for what attempt 1 wrote" }
  await one.teller.tell()
  one.now = 4_000
  one.waits = { code: "owner_here", summary: "mac-1: somebody is at it" }
  await one.teller.look()
  assert.equal(one.asked, 1, "it was asked a moment ago")
  one.now = 6_000
  await one.teller.look()
  one.now = 12_000
  one.waits = { code: "gpu_leased", summary: "mac-1: its GPU is leased by job 9" }
  await one.teller.look()
  one.now = 18_000
  one.waits = { code: "never_fits", summary: "No host of the pool could ever run it (mac-1: it crashed 2 times)" }
  await one.teller.look()
  await one.teller.look()
  assert.deepEqual(one.said, [
    "job 7 is queued again: Waits for what attempt 1 wrote",
    "job 7 is queued again: mac-1: somebody is at it",
    "job 7 is queued again: No host of the pool could ever run it (mac-1: it crashed 2 times)",
  ])
})

test("where the server does not say why, the job's own view says what it knows; one that starts meanwhile waits for nothing", async () => {
  const silent = scene({ attempts, reason: AGAIN })
  silent.waits = null
  await silent.teller.tell()
  assert.deepEqual(silent.said, [`job 7 is queued again: ${AGAIN}`])

  const starts = scene({})
  const told = starts.teller.tell()
  starts.job = { ...starts.job, state: "starting" }
  await told
  await starts.teller.look()
  assert.deepEqual(starts.said, [])
})

test("what an attempt waited for is not said of the wait for the next", async () => {
  const one = scene({ place: 1 })
  one.waits = { code: "never_fits", summary: "No host" }
  await one.teller.tell()
  one.job = { ...one.job, attempts }
  one.waits = { code: "owner_here", summary: "mac-1: somebody is at it" }
  one.now = 6_000
  await one.teller.look()
  assert.deepEqual(one.said, ["job 7 is queued, place 1: No host"])
  await one.teller.tell()
  assert.deepEqual(one.said.slice(1), ["job 7 is queued again, place 1: mac-1: somebody is at it"])
})
