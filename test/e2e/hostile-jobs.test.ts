/** Jobs that close or damage what the agent keeps about them: that is their own end at most, never the host's. */
import assert from "node:assert/strict"
import { afterEach, test } from "node:test"
import type { JobView } from "../../src/protocol/job.ts"
import { isFinal } from "../../src/protocol/job-state.ts"
import { ACCOUNT_HOME } from "../support/account-home.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })
const WAIT = "while [ ! -e $A/end ]; do sleep 0.05; done; exit 9"

afterEach(async () => {
  const { jobs } = await pool().api<{ jobs: JobView[] }>("GET", "/v1/jobs")
  for (const { id, state } of jobs) if (!isFinal(state)) await pool().api("POST", `/v1/jobs/${id}/stop`, { now: true })
})

for (const [what, damage] of [
  ["its folder", "chmod 000 .."],
  ["its folder against writing", "chmod 500 .."],
  ["its output", "chmod 000 ../stdout ../stderr"],
  ["its order", "chmod 000 ../order.json"],
  ["the folder of all attempts", "chmod 000 $A/.windfall/servers/*/attempts"],
  ["all that Windfall has there", "cd $A/.windfall; chmod 000 servers/* runtime/* agent/* servers runtime agent ."],
] as const) {
  test(`a job that closes ${what} ends as it would have, also when the agent is killed`, async () => {
    const host = pool().hosts[0]
    assert.ok(host)
    const { id } = await pool().submit({
      command: ["sh", "-c", `${ACCOUNT_HOME}; rm -f $A/end; ${damage}; echo closed; ${WAIT}`],
    })
    await awaitLog(id, "closed\n")
    const agents = () => host.processes().filter(({ command }) => /agent\.mjs --root/.test(command))
    const [agent] = agents()
    assert.ok(agent)
    process.kill(agent.pid, "SIGKILL")
    await awaitThat(async () => {
      const [next] = agents()
      return next !== undefined && next.pid !== agent.pid && (await pool().host("host1")).link === "ready"
    })
    await host.write("end", "")
    const job = await pool().awaitJob(id)
    assert.deepEqual([job.cause, job.exitCode, job.attempts.length], ["exited", 9, 1])
    const after = await pool().submit({ command: ["true"] })
    assert.equal((await pool().awaitJob(after.id)).state, "succeeded")
  })
}

test("a job that keeps its supervisor from reading of a stop is stopped all the same, and told so", async () => {
  const deafen = "prlimit --pid $PPID --nofile=0; echo ready; while :; do sleep 0.1; done"
  const { id } = await pool().submit({ command: ["sh", "-c", deafen] })
  await awaitLog(id, "ready\n")
  await pool().api("POST", `/v1/jobs/${id}/stop`, { now: true })
  const job = await pool().awaitJob(id)
  assert.equal(job.state, "cancelled")
  assert.match(job.attempts[0]?.message ?? "", /did not carry out the stop in time/)
})

async function awaitLog(id: number, text: string): Promise<void> {
  await awaitThat(async () => (await pool().log(id)).toString() === text)
}

async function awaitThat(holds: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(60_000)
  while (!(await holds())) {
    limit.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
