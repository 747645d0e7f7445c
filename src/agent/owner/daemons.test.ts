import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { AgentClient } from "../../../test/support/agent-client.ts"
import { eventually, fileText } from "../../../test/support/agent-home.ts"
import { isStopped, OwnerScene, QUICK, statOf } from "../../../test/support/owner-scene.ts"
import { TerminalPeer } from "../../../test/support/terminal-peer.ts"

const SHELL = { PS1: "$ ", SHELL: "/bin/bash" }
const STAYS = { resume_after_idle: "10m", vacate_after: "10m" }

/** A scene with a job that has a daemon, which is below nobody of it. */
async function withDaemon(rules: Readonly<Record<string, string>>, ...words: string[]) {
  const scene = await OwnerScene.start(rules)
  const file = scene.home.at("daemon")
  await scene.told(null)
  scene.agent.startAttempt(1, ["perl", scene.home.job("daemon.pl"), file, ...words], { env: SHELL })
  await scene.agent.until(() => scene.agent.text(1) === "ready\n", "the job at work")
  await eventually(() => fileText(file) !== "", "its daemon")
  const pid = Number(fileText(file))
  const ofSupervisor = scene.home.supervisor(1)
  assert.ok(Number(statOf(pid)[1]) !== ofSupervisor && Number(statOf(pid)[2]) !== scene.group, "of no group or parent")
  return { scene, pid, count: () => fileText(`${file}.count`) }
}

function openTerminal(agent: AgentClient, path: string) {
  return agent.session.request({ ":method": "POST", ":path": `/terminals/${path}` }, { endStream: false })
}

describe("a daemon of a job on a Mac", () => {
  it("is stopped with the job though nobody of it is its parent, and goes on with it", async () => {
    const { scene, pid, count } = await withDaemon(QUICK)
    await using _ = scene
    scene.mac.returns()
    await scene.agent.next("suspended", 1)
    assert.ok(isStopped(pid), "before it is told that the job is stopped")
    await scene.agent.next("continued", 1)
    assert.ok(!isStopped(pid))
    const before = count()
    await eventually(() => count() !== before, "the daemon going on")
  })

  it("goes on when the job does although another agent had stopped it", async () => {
    const { scene, pid } = await withDaemon({ ...QUICK, resume_after_idle: "3s" })
    await using _ = scene
    scene.mac.returns()
    await scene.agent.next("suspended", 1)
    await scene.agent.kill()
    assert.ok(isStopped(pid))
    await scene.connect({ ...QUICK, resume_after_idle: "3s" })
    await scene.agent.next("continued", 1)
    await eventually(() => !isStopped(pid), "the daemon going on")
  })

  it("stays stopped where it had stopped itself", async () => {
    const { scene, pid } = await withDaemon(QUICK, "stopped")
    await using _ = scene
    await eventually(() => isStopped(pid), "a daemon that stops itself")
    scene.mac.returns()
    await scene.agent.next("continued", 1)
    assert.ok(isStopped(pid))
  })

  it("is none what people have open beside the job, also for the agent after", async () => {
    const { scene, pid } = await withDaemon(STAYS)
    await using _ = scene
    const peer = new TerminalPeer()
    await peer.attach(openTerminal(scene.agent, "1/shell/shell0123456789abcd"))
    peer.type("echo pid=$$=$PPID=\r")
    await peer.sees(/pid=\d+=\d+=/)
    const beside = (/pid=(\d+)=(\d+)=/.exec(peer.text) ?? []).slice(1).map(Number)
    assert.equal(beside.length, 2)
    scene.mac.returns()
    await scene.agent.next("suspended", 1)
    assert.deepEqual([pid, ...beside].map(isStopped), [true, false, false])
    await scene.agent.kill()
    // Something lets the daemon go on: the next agent finds and stops it, and nothing else.
    process.kill(pid, "SIGCONT")
    await scene.connect(STAYS)
    await scene.told("owner_here")
    await eventually(() => isStopped(pid), "the daemon stopped again")
    assert.deepEqual(beside.map(isStopped), [false, false])
    await peer.attach(openTerminal(scene.agent, "1/shell/shell0123456789abcd/again"))
    peer.type("echo still=$((40 + 2))\r")
    await peer.sees("still=42")
  })
})
