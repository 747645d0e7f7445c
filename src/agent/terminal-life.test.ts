import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { AgentClient } from "../../test/support/agent-client.ts"
import { AgentHome, eventually, fileText } from "../../test/support/agent-home.ts"
import { TerminalPeer } from "../../test/support/terminal-peer.ts"

const PTY = { columns: 100, rows: 30, term: "xterm-256color" }
const SESSION = { kind: "session", pty: PTY, env: { PS1: "$ ", SHELL: "/bin/bash" } } as const

function openTerminal(client: AgentClient, path: string) {
  return client.session.request({ ":method": "POST", ":path": `/terminals/${path}` }, { endStream: false })
}

describe("an agent's terminals", { concurrency: 2 }, () => {
  test("a session outlives its agent: killed with -9, a new one finds it, nothing is lost or repeated", async () => {
    await using home = new AgentHome()
    const first = await home.start()
    first.adoptAll()
    first.startAttempt(1, [], SESSION)
    await first.next("started", 1)
    const peer = new TerminalPeer()
    await peer.attach(openTerminal(first, "1"), { columns: 100, rows: 30 })
    peer.type("unset PROMPT_COMMAND; stty size; echo $TERM $WINDFALL_JOB; pwd; MINE=kept\r")
    await peer.sees("30 100")
    await peer.sees("xterm-256color 1\r\n")
    await peer.sees(home.attempt(1, "work"))
    peer.type("sleep 0.3; echo during-the-out''age\r")
    await peer.until(() => peer.taken === peer.typed)
    await first.kill()
    const second = await home.start()
    second.adoptAll()
    const input = await peer.attach(openTerminal(second, "1"))
    assert.equal(input, peer.typed)
    await peer.sees("during-the-outage")
    peer.type("echo still-$MINE; exit 7\r")
    await peer.sees("still-kept")
    assert.equal((await peer.ends()).exitCode, 7)
    const { exited } = await second.ended(1)
    assert.deepEqual([exited.exit.cause, exited.exit.exitCode], ["exited", 7])
    assert.equal(second.text(1), Buffer.from(peer.text, "latin1").toString())
  })

  test("a session asked to stop ends as by a closed window, with its tree; the cause is the server's", async () => {
    await using home = new AgentHome()
    const client = await home.start()
    client.adoptAll()
    const { attempt } = client.startAttempt(1, [], SESSION)
    await client.next("started", 1)
    const peer = new TerminalPeer()
    await peer.attach(openTerminal(client, "1"))
    peer.type("sleep 1000 & echo go''ing\r")
    await peer.sees("going")
    client.send({ type: "stop", attempt, sequence: 1, cause: "cancelled", signal: "SIGTERM", graceMs: 5000 })
    const { exited } = await client.ended(1)
    assert.equal(exited.exit.cause, "cancelled")
    assert.deepEqual(client.leftovers.strays, [])
  })

  test("a task under a terminal writes to its log with nobody attached", async () => {
    await using home = new AgentHome()
    const client = await home.start()
    client.adoptAll()
    client.startAttempt(1, ["/bin/sh", "-c", "test -t 1 && stty size && exit 3"], { pty: PTY })
    const { exited } = await client.ended(1)
    assert.equal(exited.exit.exitCode, 3)
    assert.equal(client.text(1), "30 100\r\n")
  })

  test("a killed PTY host ends its attempt, signalled, and leaves nothing behind", async () => {
    await using home = new AgentHome()
    const client = await home.start()
    client.adoptAll()
    client.startAttempt(1, [], SESSION)
    await client.next("started", 1)
    const peer = new TerminalPeer()
    await peer.attach(openTerminal(client, "1"))
    peer.type("sleep 1000 & kill -9 $PPID\r")
    const { exited } = await client.ended(1)
    assert.deepEqual([exited.exit.cause, exited.exit.signal], ["signalled", 9])
    await assert.rejects(peer.ends())
  })

  test("a shell beside a task has its folder, environment and secrets, and goes when it ends", async () => {
    await using home = new AgentHome()
    const client = await home.start()
    client.adoptAll()
    const { attempt } = client.startAttempt(1, ["/bin/sh", "-c", "echo $$ > pid; exec sleep 1000"], {
      env: { PS1: "$ ", SHELL: "/bin/bash" },
      secrets: { HF_TOKEN: "hf_0123456789" },
    })
    await client.next("started", 1)
    await eventually(() => fileText(home.attempt(1, "work", "pid")) !== "", "the task runs")
    const peer = new TerminalPeer()
    await peer.attach(openTerminal(client, "1/shell/shell0123456789abcd"))
    peer.type("ls; echo $(printf %s $HF_TOKEN | wc -c) $WINDFALL_ATTEMPT\r")
    await peer.sees(`13 ${attempt}`)
    assert.match(peer.text, /pid/)
    client.send({ type: "stop", attempt, sequence: 1, cause: "cancelled", signal: "SIGTERM", graceMs: 5000 })
    await client.ended(1)
    await peer.ends()
    assert.equal(client.text(1), "")
  })
})
