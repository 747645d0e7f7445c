/** A job on several Macs steps aside as a whole for who comes back to one of them. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { usePool } from "../support/use-pool.ts"

const TIMING = { pingMs: 500, silenceMs: 1_000, firstRetryMs: 100, lastRetryMs: 500 }
const pool = usePool({ hosts: [{ kind: "mac" }, { kind: "mac" }], server: { timing: TIMING, labMacs: true } })

test("who comes back to one of the Macs has all members leave, and the job waits until both can be had again", async () => {
  for (const { name, mac } of pool().hosts) {
    mac.owner("leaves", { idleMs: 3_600_000 })
    await pool().api("POST", `/v1/hosts/${name}/owner/rules`, { rules: { start_after_idle: "1s" } })
    await pool().untilHost(name, ({ presence }) => presence?.state === "away")
  }
  const gang = { hosts: 2, onMemberFailure: "end", outputsFrom: "main" } as const
  const { id } = await pool().submit({ command: ["sh", "-c", "echo up; sleep 3600 & wait"], gang })
  const running = await pool().untilState(id, "running")
  assert.equal(running.attempts.length, 2)
  const { mac } = pool().hosts[1]!
  mac.owner("works", { user: "lena" })
  const left = await pool().untilState(id, "queued")
  assert.deepEqual(left.attempts.map(({ cause }) => cause).sort(), ["member_ended", "owner_returned"])
  mac.owner("leaves", { idleMs: 3_600_000 })
  const again = await pool().untilJob(id, ({ state, attempts }) => state === "running" && attempts.length === 4)
  assert.deepEqual(
    again.attempts.map(({ number, rank }) => [number, rank]).slice(2),
    [0, 1].map((rank) => [2, rank]),
  )
  await pool().api("POST", `/v1/jobs/${id}/stop`, { now: true })
  assert.equal((await pool().awaitJob(id)).state, "cancelled")
})
