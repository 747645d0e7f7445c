import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { describe, test } from "node:test"
import type { AgentClient } from "../../test/support/agent-client.ts"
import { AgentHome, eventually, fileText, isThere } from "../../test/support/agent-home.ts"
import { TerminalPeer } from "../../test/support/terminal-peer.ts"

const SHELL = { PS1: "$ ", SHELL: "/bin/bash" }
const AGENT = new URL("../../test/support/agent-main.ts", import.meta.url).pathname

/** Starts a task that runs until `finish` of its sequence number. */
async function startTask(home: AgentHome, agent: AgentClient, sequence: number, env = {}): Promise<void> {
  const script = `until [ -e ${home.at(`finish${sequence}`)} ]; do sleep 0.02; done`
  agent.startAttempt(sequence, ["/bin/sh", "-c", script], { env: { ...SHELL, ...env } })
  await agent.next("started", sequence)
}

function finish(home: AgentHome, sequence: number): void {
  writeFileSync(home.at(`finish${sequence}`), "")
}

async function openShell(agent: AgentClient, sequence: number): Promise<TerminalPeer> {
  const peer = new TerminalPeer()
  const path = `/terminals/${sequence}/shell/shell0123456789abcd`
  await peer.attach(agent.session.request({ ":method": "POST", ":path": path }, { endStream: false }))
  return peer
}

/** Types a line that starts something which writes its pid to `file`; resolves with the pid. */
async function startIn(peer: TerminalPeer, line: string, file: string): Promise<number> {
  peer.type(`${line}\r`)
  await eventually(() => fileText(file).endsWith("\n"), `the start of: ${line}`)
  return Number(fileText(file))
}

/** What leaves the shell's session, and its own parent, and ends only by SIGKILL. */
function escaping(file: string): string {
  return `(setsid sh -c 'trap "" HUP TERM; echo $$ > ${file}; while :; do sleep 0.1; done' &)`
}

describe("what is started in a shell beside a job", { concurrency: 2 }, () => {
  test("does not outlive the job, though it left the shell and the shell has ended; other jobs' shells go on", async () => {
    await using home = new AgentHome()
    const agent = await home.start()
    await startTask(home, agent, 1)
    await startTask(home, agent, 2)
    const other = await openShell(agent, 2)
    const spared = await startIn(other, escaping(home.at("spared")), home.at("spared"))
    const peer = await openShell(agent, 1)
    const escaped = await startIn(peer, escaping(home.at("escaped")), home.at("escaped"))
    peer.type("exit 4\r")
    assert.equal((await peer.ends()).exitCode, 4)
    finish(home, 1)
    await agent.next("swept", 1)
    assert.equal(isThere(escaped), false)
    assert.ok(isThere(spared))
    assert.deepEqual(agent.leftovers.strays, [])
    other.type("echo still-th''ere\r")
    await other.sees("still-there")
  })

  test("does not outlive the job where the shell is still open, which tells how it ended also when it had to be killed", async () => {
    await using home = new AgentHome()
    const agent = await home.start()
    await startTask(home, agent, 1)
    const peer = await openShell(agent, 1)
    // Without job control it stays the shell's child in a session of its own.
    const line = `set +m; trap '' HUP TERM; setsid sh -c 'trap "" HUP TERM; echo $$ > ${home.at("child")}; while :; do sleep 0.1; done' &`
    const child = await startIn(peer, line, home.at("child"))
    finish(home, 1)
    await agent.next("swept", 1)
    assert.equal(isThere(child), false)
    const { exitCode, signal } = await peer.ends()
    assert.deepEqual([exitCode, signal], [null, 9])
  })

  test("is swept by the next agent where the one that opened the shell was killed, before or after the job's end", async () => {
    await using home = new AgentHome()
    const first = await home.start()
    const escaped: number[] = []
    for (const sequence of [1, 2]) {
      await startTask(home, first, sequence)
      const file = home.at(`escaped${sequence}`)
      escaped.push(await startIn(await openShell(first, sequence), escaping(file), file))
    }
    await first.kill()
    finish(home, 1)
    await eventually(() => fileText(home.attempt(1, "status")) !== "", "the end of the first job")
    const second = await home.start()
    second.adoptAll()
    await second.next("swept", 1)
    assert.deepEqual(escaped.map(isThere), [false, true])
    finish(home, 2)
    await second.next("swept", 2)
    assert.deepEqual(escaped.map(isThere), [false, false])
  })

  test("is told as a suspected stray where it hides from all by which it could be known", async () => {
    await using home = new AgentHome()
    const account = { TEST_ACCOUNT: home.root }
    const agent = await home.start({ file: AGENT, env: { ...account, TEST_SWEEP: "total" } })
    await startTask(home, agent, 1, account)
    const peer = await openShell(agent, 1)
    const hidden = `env -i TEST_ACCOUNT=$TEST_ACCOUNT sh -c 'echo $$ > ${home.at("hidden")}; exec sleep 300'`
    const pid = await startIn(peer, `(cd /; setsid ${hidden} &)`, home.at("hidden"))
    finish(home, 1)
    await agent.next("swept", 1)
    assert.deepEqual(
      agent.leftovers.strays.map((stray) => [stray.pid, stray.certain]),
      [[pid, false]],
    )
  })
})
