import assert from "node:assert/strict"
import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { AgentHome, eventually } from "../../test/support/agent-home.ts"

const STARTED_AGO_MS = 200_000
const SIGN_AGO_MS = 174_000

for (const { what, boot, aliveAgoMs, printedAgoMs, timeLimitMs, ranMs } of [
  { what: "its host was off", boot: "another-boot", aliveAgoMs: SIGN_AGO_MS, timeLimitMs: 60_000, ranMs: 26_000 },
  { what: "nobody looked", boot: null, aliveAgoMs: SIGN_AGO_MS, timeLimitMs: null, ranMs: 26_000 },
  {
    what: "it printed without an agent",
    boot: "another-boot",
    aliveAgoMs: SIGN_AGO_MS,
    printedAgoMs: 150_000,
    timeLimitMs: null,
    ranMs: 50_000,
  },
  // Ten seconds of grace, and five in which its supervisor sees to that.
  { what: "it had a limit", boot: null, aliveAgoMs: 0, timeLimitMs: 60_000, ranMs: 75_000 },
  { what: "it had just begun", boot: "another-boot", aliveAgoMs: STARTED_AGO_MS + 1_000, timeLimitMs: null, ranMs: 0 },
]) {
  test(`an attempt that is found without its supervisor ran until its last sign of life: ${what}`, async () => {
    await using home = new AgentHome()
    const first = await home.start()
    first.startAttempt(1, ["sleep", "60"], { timeLimitMs, graceMs: 10_000 })
    await first.next("started", 1)
    const alive = `${home.base}/run/alive`
    await eventually(() => existsSync(alive), "the agent says that it is there")
    await first.kill()
    process.kill(home.supervisor(1), "SIGKILL")
    const now = Date.now()
    const record = readFileSync(home.attempt(1, "record"), "utf8")
    const startedAt = now - STARTED_AGO_MS
    const dated = record.replace(/\b1\d{12}\b/, `${startedAt}`)
    assert.notEqual(dated, record)
    writeFileSync(home.attempt(1, "record"), boot === null ? dated : dated.replace(first.hello.facts.bootId, boot))
    const date = (path: string, agoMs: number) => utimesSync(path, (now - agoMs) / 1000, (now - agoMs) / 1000)
    date(alive, aliveAgoMs)
    for (const stream of ["stdout", "stderr"]) date(home.attempt(1, stream), printedAgoMs ?? STARTED_AGO_MS)
    const next = await home.start()
    next.adoptAll()
    const { exit } = (await next.ended(1)).exited
    assert.equal(exit.cause, boot === null ? "supervisor_lost" : "host_restarted")
    assert.deepEqual([exit.startedAt, exit.endedAt - startedAt], [startedAt, ranMs])
  })
}

test("where the agent sees its end, that is when it ended", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sleep", "60"])
  await agent.next("started", 1)
  const before = Date.now()
  process.kill(home.supervisor(1), "SIGKILL")
  const { exit } = (await agent.ended(1)).exited
  assert.equal(exit.cause, "supervisor_lost")
  assert.ok(exit.endedAt >= before, `${exit.endedAt} is before ${before}`)
})
