import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { describe, test } from "node:test"
import type { AgentClient } from "../../test/support/agent-client.ts"
import { AgentHome, eventually, fileText, isThere } from "../../test/support/agent-home.ts"
import { stop } from "../../test/support/agent-orders.ts"
import { NO_LEVER } from "../protocol/owner.ts"
import { FORKER_SOURCES } from "./forker-source.ts"

const AGENT = new URL("../../test/support/agent-main.ts", import.meta.url).pathname

for (const [system, program] of Object.entries(FORKER_SOURCES)) {
  test(`the supervisor for ${system} has no word that Perl warns of`, () => {
    const { stderr } = spawnSync("perl", ["-wc", "-e", program, "/run", "boot", "0", "x64"], { encoding: "utf8" })
    assert.equal(stderr, "-e syntax OK\n")
  })
}

test("the supervisor for linux reads how often the system ended a process for want of memory", (t) => {
  const counted = /^oom_kill (\d+)$/m.exec(fileText("/proc/vmstat"))?.[1]
  if (counted === undefined) return t.skip("this system does not count them")
  const [linux, system] = ["linux.pl", "system.pl"].map((name) =>
    fileText(new URL(`perl/${name}`, import.meta.url).pathname),
  )
  const program = `${linux}${system}print count_oom_kills();`
  const { stdout, stderr } = spawnSync("perl", ["-e", program, "/run", "boot", "0", process.arch], { encoding: "utf8" })
  assert.deepEqual([stdout, stderr], [counted, ""])
})

/** The program for macOS, which runs here as well: what it does by Perl's modules is the same everywhere. */
async function startAgent(home: AgentHome): Promise<AgentClient> {
  const agent = await home.start({ file: AGENT, env: { TEST_ACCOUNT: home.root, TEST_SYSTEM: "darwin" } })
  // A Mac that nobody sits at: who is there, and its power, cannot be found out here.
  const fleet = { preset: "nobodys", rules: { on_battery: "yes", low_power_mode: "yes" } }
  agent.send({ type: "owner", terms: { host: "mac", owner: null, consoleAccount: null, fleet }, lever: NO_LEVER })
  return agent
}

describe("the supervisor for macOS", () => {
  test("runs a job with input, output and exit code, with no signal blocked", async () => {
    await using home = new AgentHome()
    const agent = await startAgent(home)
    agent.startAttempt(1, ["sh", "-c", "grep SigBlk /proc/self/status; echo err >&2; cat; exit 3"])
    const { exited } = await agent.ended(1)
    assert.deepEqual([exited.exit.cause, exited.exit.exitCode], ["exited", 3])
    assert.equal(agent.text(1), `SigBlk:\t${"0".repeat(16)}\n`)
    assert.equal(agent.text(1, "stderr"), "err\n")
  })

  test("ends what a job leaves in its group", async () => {
    await using home = new AgentHome()
    const agent = await startAgent(home)
    const file = home.at("left")
    agent.startAttempt(1, ["sh", "-c", `sleep 1000 & echo $! > ${file}`])
    await agent.ended(1)
    assert.equal(isThere(Number(fileText(file))), false)
  })

  test("stops a job by its signal, and by SIGKILL after its grace", async () => {
    await using home = new AgentHome()
    const agent = await startAgent(home)
    const loop = "while :; do sleep 0.05; done"
    const heeding = agent.startAttempt(1, ["sh", "-c", `trap 'exit 4' TERM; echo > ${home.at("heeding")}; ${loop}`])
    const deaf = agent.startAttempt(2, ["sh", "-c", `trap '' TERM; echo > ${home.at("deaf")}; ${loop}`])
    await eventually(() => [home.at("heeding"), home.at("deaf")].every((file) => fileText(file) !== ""), "both run")
    agent.send(stop(heeding, 60_000), stop(deaf, 100))
    assert.equal((await agent.ended(1)).exited.exit.exitCode, 4)
    assert.equal((await agent.ended(2)).exited.exit.signal, 9)
  })
})
