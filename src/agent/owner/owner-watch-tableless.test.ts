import assert from "node:assert/strict"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "node:test"
import { AgentHome, eventually } from "../../../test/support/agent-home.ts"
import { SteeredMac } from "../../../test/support/steered-mac.ts"
import { NO_LEVER } from "../../protocol/owner.ts"

const AGENT = new URL("../../../test/support/agent-main.ts", import.meta.url).pathname
const COUNTING = ["sh", "-c", "n=0; while :; do n=$((n + 1)); echo $n; sleep 0.02; done"]

const isStopped = (pid: number) => /^.*\) T /s.test(readFileSync(`/proc/${pid}/stat`, "latin1"))

it("a job stops and goes on while the process table cannot be had, and is told of when it can", async () => {
  await using home = new AgentHome()
  const mac = new SteeredMac(home.at("mac"))
  const env = { TEST_ACCOUNT: home.root, TEST_SYSTEM: "darwin", TEST_OWNER: mac.root }
  const agent = await home.start({ file: AGENT, env })
  const fleet = { preset: "default", rules: { resume_after_idle: "3s" } }
  agent.send({ type: "owner", terms: { host: "mac-3", owner: "anna", consoleAccount: "anna", fleet }, lever: NO_LEVER })
  agent.adoptAll()
  const isFree = () => agent.messages.some((one) => one.type === "presence" && one.presence.obstacles.length === 0)
  await agent.until(isFree, "a Mac at which nobody is")
  agent.startAttempt(1, COUNTING)
  await agent.until(() => agent.text(1).includes("5\n"), "a job that counts")
  const group = Number(/child (\d+)/.exec(readFileSync(home.attempt(1, "record"), "utf8"))?.[1])
  const noTable = join(mac.root, "no-table")
  writeFileSync(noTable, "")
  mac.returns()
  await eventually(() => isStopped(group), "the job stopped")
  assert.ok(!agent.messages.some(({ type }) => type === "suspended"))
  rmSync(noTable)
  await agent.next("suspended", 1)
  assert.ok(isStopped(group))
  writeFileSync(noTable, "")
  // In three seconds nobody is there any more.
  await agent.next("continued", 1)
  const counted = agent.text(1).length
  await agent.until(() => agent.text(1).length > counted, "the job going on")
})
