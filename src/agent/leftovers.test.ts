import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync, writeFileSync } from "node:fs"
import { describe, test } from "node:test"
import type { AgentClient } from "../../test/support/agent-client.ts"
import { AgentHome, eventually, fileText, isThere } from "../../test/support/agent-home.ts"

const AGENT = new URL("../../test/support/agent-main.ts", import.meta.url).pathname
const MIB = 1024 ** 2

/** An agent where a sweep is not total; what it and its jobs run counts as its account. */
function startAgent(home: AgentHome): Promise<AgentClient> {
  return home.start({ file: AGENT, env: { TEST_ACCOUNT: home.root } })
}

/** Starts an attempt that leaves a hidden process, and waits for its end. */
async function hide(home: AgentHome, agent: AgentClient, sequence = 1): Promise<number> {
  const file = home.at(`hidden${sequence}`)
  agent.startAttempt(sequence, ["perl", home.job("hide.pl"), file, `${64 * MIB}`], { env: { TEST_ACCOUNT: home.root } })
  await agent.next("swept", sequence)
  return Number(readFileSync(file, "utf8"))
}

function untilGone(agent: AgentClient): Promise<void> {
  return agent.until(() => agent.leftovers.strays.length === 0, "the strays are gone")
}

describe("what ended attempts leave", { concurrency: 3 }, () => {
  test("a process that hides from its job is told before the lease is free, is left alone, and watched until it is gone", async () => {
    await using home = new AgentHome()
    const agent = await startAgent(home)
    const pid = await hide(home, agent)
    const types = agent.messages.map(({ type }) => type)
    assert.ok(types.indexOf("leftovers") < types.indexOf("swept"))
    const [stray, ...others] = agent.leftovers.strays
    assert.deepEqual(others, [])
    assert.deepEqual([stray?.pid, stray?.command, stray?.certain], [pid, "perl", false])
    assert.equal(stray?.attempt, (await agent.next("swept", 1)).attempt)
    assert.ok((stray?.memoryBytes ?? 0) > 64 * MIB)
    assert.ok(isThere(pid))
    process.kill(pid, "SIGKILL")
    await untilGone(agent)
  })

  test("the next agent goes on watching, by pid and start", async () => {
    await using home = new AgentHome()
    const first = await startAgent(home)
    const pid = await hide(home, first)
    await first.kill()
    const second = await startAgent(home)
    assert.deepEqual(
      second.hello.leftovers.strays.map((stray) => stray.pid),
      [pid],
    )
    await second.kill()
    const noted = readFileSync(`${home.base}/leftovers`, "utf8")
    const start = second.hello.leftovers.strays[0]?.start
    writeFileSync(`${home.base}/leftovers`, noted.replace(`"start":"${start}"`, `"start":"${Number(start) - 1}"`))
    const third = await startAgent(home)
    assert.deepEqual(third.hello.leftovers.strays, [], "another process of the same number is none")
    await third.kill()
    writeFileSync(`${home.base}/leftovers`, noted.replace(/"bootId":"[^"]*"/, '"bootId":"another"'))
    const fourth = await startAgent(home)
    assert.deepEqual(fourth.hello.leftovers.strays, [], "nothing outlives a boot")
    await fourth.kill()
    writeFileSync(`${home.base}/leftovers`, noted)
    process.kill(pid, "SIGKILL")
    await eventually(() => !isThere(pid), "its end")
    const fifth = await startAgent(home)
    assert.deepEqual(fifth.hello.leftovers.strays, [])
  })

  test("what a stray starts later is a stray too", async () => {
    await using home = new AgentHome()
    const agent = await startAgent(home)
    const script = `fork or exec "sleep", "300"; select undef, undef, undef, 0.05 while !-e "${home.at("go")}"; fork or exec "sleep", "300"; sleep 300`
    const hidden = `cd /; exec env -i TEST_ACCOUNT=${home.root} perl -e '${script}' ${home.at()}`
    const command = `(setsid sh -c "$HIDDEN" & ) ; sleep 0.2; kill -9 $PPID; sleep 300`
    agent.startAttempt(1, ["sh", "-c", command], { env: { TEST_ACCOUNT: home.root, HIDDEN: hidden } })
    await agent.next("swept", 1)
    assert.equal(agent.leftovers.strays.length, 2)
    writeFileSync(home.at("go"), "")
    await agent.until(() => agent.leftovers.strays.length === 3, "its second child")
    assert.deepEqual(agent.leftovers.strays.map((stray) => stray.command).sort(), ["perl", "sleep", "sleep"])
  })

  test("in an account that others use too nobody is accused", async () => {
    await using home = new AgentHome()
    const owner = spawn("/usr/bin/perl", ["-e", "sleep 300", home.at()], { env: { TEST_ACCOUNT: home.root } })
    await once(owner, "spawn")
    const agent = await startAgent(home)
    const pid = await hide(home, agent)
    assert.deepEqual(agent.leftovers.strays, [])
    assert.ok(isThere(pid) && isThere(owner.pid ?? 0))
    owner.kill("SIGKILL")
    await once(owner, "exit")
  })

  test("what was born while another attempt ran too may be that one's: it is accused when that has ended as well", async () => {
    await using home = new AgentHome()
    const agent = await startAgent(home)
    const order = agent.startAttempt(1, ["sleep", "300"], { env: { TEST_ACCOUNT: home.root } })
    await agent.next("started", 1)
    const pid = await hide(home, agent, 2)
    assert.equal(agent.leftovers.strays.length, 0)
    const { attempt, sequence } = order
    agent.send({ type: "stop", attempt, sequence, cause: "cancelled", signal: "SIGTERM", graceMs: 5_000 })
    await agent.next("swept", 1)
    assert.deepEqual(
      agent.leftovers.strays.map((stray) => [stray.pid, stray.attempt]),
      [[pid, attempt]],
    )
  })

  test("a job that leaves nothing leaves nobody to be accused", async () => {
    await using home = new AgentHome()
    const agent = await startAgent(home)
    agent.startAttempt(1, [home.job("fork-children.sh")], { env: { TEST_ACCOUNT: home.root } })
    await agent.ended(1)
    assert.deepEqual(agent.leftovers, { strays: [], missingBytes: 0 })
    assert.equal(fileText(`${home.base}/leftovers`), "")
  })
})
