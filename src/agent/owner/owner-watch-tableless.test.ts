import assert from "node:assert/strict"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "node:test"
import { eventually } from "../../../test/support/agent-home.ts"
import { isStopped, OwnerScene } from "../../../test/support/owner-scene.ts"

const COUNTING = ["sh", "-c", "n=0; while :; do n=$((n + 1)); echo $n; sleep 0.02; done"]

it("a job stops and goes on while the process table cannot be had, and is told of when it can", async () => {
  await using scene = await OwnerScene.start({ resume_after_idle: "3s" })
  const { agent, mac } = scene
  await scene.told(null)
  agent.startAttempt(1, COUNTING)
  await agent.until(() => agent.text(1).includes("5\n"), "a job that counts")
  const { group } = scene
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
