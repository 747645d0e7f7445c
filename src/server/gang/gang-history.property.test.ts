import assert from "node:assert/strict"
import { test } from "node:test"
import { setImmediate } from "node:timers/promises"
import fc from "fast-check"
import { toGate } from "../../../test/support/simulated-attempt.ts"
import type { SimulatedAttempt, SimulatedHost } from "../../../test/support/simulated-host.ts"
import { HERE } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { JobSpec } from "../../protocol/job.ts"

const HOSTS = 3
const WHOLE = { memoryBytes: null, gpus: null, cores: 2 }
const step = fc.record({
  what: fc.constantFrom(
    "ready",
    "ready",
    "ready",
    "end",
    "fail",
    "crash",
    "refuse",
    "suspend",
    "cut",
    "connect",
    "restart",
  ),
  host: fc.nat(HOSTS - 1),
})

/** What is on a host of an attempt that has not ended there. */
function there(host: SimulatedHost): SimulatedAttempt | undefined {
  return [...host.attempts.values()].find(({ phase }) => phase !== "exited")
}

function apply(host: SimulatedHost, what: string): void {
  const attempt = there(host)
  if (what === "cut") host.cut()
  if (what === "connect" && !host.connected) host.connect()
  if (attempt === undefined || !host.connected) return
  const { attempt: id, sequence } = attempt.order
  if (what === "ready" && attempt.phase === "preparing") toGate(host, attempt)
  if (what === "refuse" && attempt.phase === "preparing") host.refuse(attempt, "workspace_failed")
  if (attempt.phase !== "running") return
  if (what === "end") host.finish(attempt)
  if (what === "fail") host.finish(attempt, { exitCode: 3 })
  if (what === "crash") host.finish(attempt, { cause: "host_crashed" })
  if (what === "suspend") {
    host.tell({ type: "suspended", attempt: id, sequence, at: Date.now(), why: HERE, reactionMs: 1 })
  }
}

test("whatever comes, and in whatever order: members go together, no host has two at once, and every job ends", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      await using server = await TestServer.start()
      const hosts: SimulatedHost[] = []
      const problems: string[] = []
      const went = new Map<string, Set<number>>()
      for (let i = 0; i < HOSTS; i++) {
        const host = await server.hosts.join(`host${i}`)
        hosts.push(host)
        const { hear } = host
        host.hear = (channel, message) => {
          const attempt = message.type === "stop" ? host.attempts.get(message.attempt) : undefined
          if (message.type === "stop" && attempt?.phase === "preparing") host.refuse(attempt, message.cause)
          else hear.call(host, channel, message)
        }
        host.script = (_, attempt) => {
          const others = [...host.attempts.values()].filter((one) => one !== attempt && one.phase !== "exited")
          if (others.length > 0) problems.push(`two at once on ${host.id}`)
        }
        host.onGo = (_, { order }) => {
          const key = `${order.job} ${order.number}`
          went.set(key, (went.get(key) ?? new Set()).add(order.member!.rank))
          const size = host.rosters.get(order.attempt)?.length
          if (size !== order.member!.size) problems.push(`${key} went with ${size}`)
        }
      }
      const retry = { limit: 2, afterSilenceMs: null, once: false }
      const gang = { hosts: 2, onMemberFailure: "end", outputsFrom: "all" } as const satisfies JobSpec["gang"]
      const jobs = [await server.submit({ gang, retry, resources: WHOLE })]
      jobs.push(await server.submit({ gang: { ...gang, hosts: 3 }, retry, resources: WHOLE }))
      for (const { what, host } of steps) {
        if (what === "restart") {
          for (const each of hosts) each.cut()
          await server.stop()
          await server.start()
        } else apply(hosts[host]!, what)
        for (let turn = 0; turn < 4; turn++) await setImmediate()
      }
      for (const host of hosts) {
        host.script = toGate
        const { onGo } = host
        host.onGo = (_, attempt) => {
          onGo(host, attempt)
          host.finish(attempt)
        }
        if (!host.connected) host.connect()
        // Where it crashed twice a job does not go again, and one of them needs all hosts.
        await server.call("POST", `/v1/hosts/${host.id}/forgive`, {})
        for (const attempt of host.attempts.values()) {
          if (attempt.phase === "preparing") toGate(host, attempt)
          else if (attempt.hasGone === true && attempt.phase === "running") host.finish(attempt)
        }
      }
      for (const { id } of jobs) {
        const { state, attempts } = await server.untilEnded(id)
        assert.ok(state === "succeeded" || state === "failed", state)
        assert.ok(attempts.every((one) => one.state === "ended"))
        if (state === "succeeded")
          assert.equal(went.get(`${id} ${attempts.at(-1)?.number}`)?.size, id === jobs[0]!.id ? 2 : 3)
      }
      assert.deepEqual([problems, server.troubles.filter((line) => line.includes("Cannot"))], [[], []])
    }),
    { numRuns: 8 },
  )
})
