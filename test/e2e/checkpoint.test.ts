/** A job that has to leave one Mac goes on elsewhere from what it had written: also where the server is killed meanwhile. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { LabHost } from "../lab/lab-host.ts"
import { eventually } from "../support/agent-home.ts"
import { usePool } from "../support/use-pool.ts"

const TIMING = { pingMs: 500, silenceMs: 1_000, firstRetryMs: 100, lastRetryMs: 500 }
const HOUR_MS = 3_600_000
/**
 * Counts on from where it was. Writes aside and renames, and says at its end what is in the file: a signal goes to the whole
 * tree, so it may take `mv` before the renaming.
 */
const COUNT = `n=$(cat kept/count 2>/dev/null || echo 0); echo "from $n with <$WINDFALL_CHECKPOINT>"; mkdir -p kept
trap 'echo asked at $(cat kept/count); exit 0' TERM
while :; do
  n=$((n + 1)); echo $n > count.new; mv count.new kept/count; sleep 0.1
done`

const pool = usePool({
  hosts: [{ kind: "mac" }, { kind: "mac" }],
  server: { timing: TIMING, labMacs: true },
})
const named = (name: string | undefined): LabHost => pool().hosts.find((host) => host.name === name)!
const rules = (host: LabHost, change: Record<string, string>) =>
  pool().api("POST", `/v1/hosts/${host.name}/owner/rules`, { rules: change })

/** Of each attempt, with what it began and ended. */
async function said(id: number, attempt: number) {
  const text = (await pool().log(id, "stdout", attempt)).toString()
  const [, from, checkpoint] = /from (\d+) with <(\d*)>/.exec(text) ?? []
  return { from: Number(from), checkpoint, asked: Number(/asked at (\d+)/.exec(text)?.[1]) }
}

async function counting(id: number, attempt: number): Promise<LabHost> {
  const job = await pool().untilJob(id, ({ attempts, state }) => attempts.length === attempt && state === "running")
  await eventually(async () => (await pool().log(id, "stdout", attempt)).includes("from"), "a job that counts")
  return named(job.attempts.at(-1)?.hostName)
}

test("its owner comes back to one Mac, and the job counts on at the other from its count; the server dies meanwhile, too", async () => {
  for (const host of pool().hosts) {
    host.mac.owner("leaves", { idleMs: HOUR_MS })
    await rules(host, { on_return: "vacate", start_after_idle: "1s" })
  }
  const flags = ["--detach", "--no-folder", "--checkpoint", "kept/**", "--output", "kept/**"]
  const sent = await pool().windfall(["send", ...flags, "--", "sh", "-c", COUNT])
  const id = Number(/job (\d+)/.exec(sent.stdout + sent.stderr)?.[1])
  assert.ok(id > 0, sent.stderr)
  const first = await counting(id, 1)
  await eventually(() => first.processes().some(({ command }) => command.startsWith("sleep")), "a job at work")
  first.mac.owner("works", { user: "lena" })
  const second = await counting(id, 2)
  assert.notEqual(second.name, first.name)
  const [one, two] = [await said(id, 1), await said(id, 2)]
  assert.ok(one.asked > 0)
  assert.deepEqual([two.from, two.checkpoint], [one.asked, "1"])
  const shown = await pool().windfall(["show", `${id}`])
  assert.match(shown.stdout, /^checkpoint +'kept\/\*\*'; attempt 1 left 1 file, \d+ B$/m)
  assert.match(
    (await pool().windfall(["events"])).stdout,
    new RegExp(`job ${id} attempt 2 goes to ${second.name}, with what attempt 1 wrote`),
  )

  // Nobody hears of the end of the second attempt but its own agent.
  await pool().server.kill9()
  second.mac.owner("works", { user: "lena" })
  await eventually(() => !second.processes().some(({ command }) => command.startsWith("sleep")), "the job leaving")
  first.mac.owner("leaves", { idleMs: HOUR_MS })
  await pool().server.start()
  assert.equal((await counting(id, 3)).name, first.name)
  const [three, before] = [await said(id, 3), await said(id, 2)]
  assert.deepEqual([three.from, three.checkpoint], [before.asked, "2"])
  await pool().api("POST", `/v1/jobs/${id}/stop`, { now: false })
  const ended = await pool().awaitJob(id)
  assert.deepEqual([ended.state, ended.attempts.length], ["cancelled", 3])
  assert.deepEqual([ended.outputs?.state, ended.outputs?.files], ["ready", 1])
})
