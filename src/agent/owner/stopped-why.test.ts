import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { eventually } from "../../../test/support/agent-home.ts"
import { OwnerScene } from "../../../test/support/owner-scene.ts"
import type { HostTerms } from "../../protocol/owner.ts"

const RULES = { resume_after_idle: "10m", vacate_after: "1h" }

test("an agent tells what keeps a job stopped now, to the server and in its owner's folder, also to the next server", async () => {
  await using scene = await OwnerScene.start(RULES)
  const { agent, mac } = scene
  await scene.told(null)
  agent.startAttempt(1, ["sh", "-c", "while :; do echo on; sleep 0.05; done"])
  await agent.until(() => agent.text(1).includes("on\n"), "a job at work")
  const whys = () => scene.agent.messages.flatMap((one) => (one.type === "suspended" ? [one.why] : []))
  const until = (code: string) => scene.agent.until(() => whys().at(-1)?.code === code, `stopped: ${code}`)
  mac.returns()
  await until("owner_here")
  const terms: HostTerms = {
    host: "mac-3",
    owner: "anna",
    consoleAccount: "anna",
    fleet: { preset: "default", rules: RULES },
  }
  const word = { at: Date.now(), by: "ada", pause: { since: Date.now(), until: null } }
  const lever = { pauses: { admin: word }, rules: null }
  agent.send({ type: "owner", terms, lever })
  await until("paused")
  const paused = { code: "paused", text: "paused by ada until it is resumed" }
  assert.deepEqual(whys().at(-1), paused)
  assert.deepEqual(
    whys().map(({ code }) => code),
    ["owner_here", "paused"],
    "each once",
  )
  const page = () => readFileSync(join(mac.root, "Users/Shared/Windfall/Now.txt"), "utf8")
  await eventually(() => /^Job 1 .*: stopped since .* \(paused by ada/m.test(page()), "the owner's file")
  await agent.kill()
  await scene.connect(RULES, lever)
  await until("paused")
  assert.deepEqual(whys().at(-1), paused)
  assert.deepEqual(scene.states, ["T"])
})
