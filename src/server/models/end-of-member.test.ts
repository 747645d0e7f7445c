import assert from "node:assert/strict"
import { test } from "node:test"
import { ModelScene } from "../../../test/support/model-scene.ts"
import { type EndedMember, endOfMember } from "./end-of-member.ts"

const ENDED: EndedMember = { cause: "signalled", exitCode: null, signal: 9, message: null, hostName: "mac-2" }

test("how a member ended is said with its host, and with its rank where there are others", () => {
  const member = { rank: 1, size: 2 }
  assert.match(endOfMember(ENDED) ?? "", /^its program on mac-2 was ended by SIGKILL, by hand or for want of memory$/)
  assert.match(endOfMember({ ...ENDED, member }) ?? "", /^member 1: its program on mac-2 was ended by SIGKILL/)
  assert.match(endOfMember({ ...ENDED, signal: 29 }) ?? "", /by signal 29$/)
  assert.match(endOfMember({ ...ENDED, cause: "exited", signal: null, exitCode: 75 }) ?? "", /exit code 75/)
  assert.equal(
    endOfMember({ ...ENDED, cause: "out_of_memory", message: "it held 9 GB" }),
    "out of memory on mac-2: it held 9 GB",
  )
  const message = "It held 9 GB, and 1 GB were asked for: --memory 10G would have done until then"
  assert.equal(
    endOfMember({ ...ENDED, cause: "out_of_memory", message }),
    "out of memory on mac-2: It held 9 GB, and 1 GB were asked for",
  )
  assert.equal(endOfMember({ ...ENDED, cause: "host_restarted" }), "mac-2 was restarted")
  for (const cause of [null, "member_ended", "cancelled"] as const) assert.equal(endOfMember({ ...ENDED, cause }), null)
})

test("a hive whose program is killed says on which host, and by what", async () => {
  await using scene = await ModelScene.start()
  const host = await scene.join("studio")
  await scene.store("tiny")
  await scene.serve("tiny")
  await scene.untilState("tiny", "ready")
  host.finish(scene.hives[0]!.attempt, { cause: "signalled", exitCode: null, signal: 9 })
  const { replicas } = await scene.until(
    "tiny",
    ({ replicas: [one] }) => one?.lastLoss != null && one.state === "ready",
  )
  assert.match(replicas[0]?.lastLoss?.reason ?? "", /^its program on studio was ended by SIGKILL/)
})

test("one that held more than was planned before it answered may have a template that never ends, which is said", async () => {
  await using scene = await ModelScene.start()
  const host = await scene.join("studio")
  await scene.store("tiny")
  const { play } = scene
  const end = { cause: "out_of_memory", message: "It held 9 GB", peakMemoryBytes: 9e9 } as const
  scene.play = ({ attempt }) => {
    scene.play = play
    host.finish(attempt, end)
  }
  await scene.serve("tiny")
  const early = await scene.until("tiny", ({ replicas: [one] }) => one?.lastLoss != null)
  const said = early.replicas[0]?.lastLoss?.reason ?? ""
  assert.match(
    said,
    /^out of memory on studio: It held 9 GB\. It had not answered yet: .* its chat template never ends$/,
  )
})

test("of a model that was removed nothing is told of a new one of its name, nor of a replica that was given up", async () => {
  await using scene = await ModelScene.start()
  await scene.join("studio")
  await scene.join("mini")
  await scene.store("tiny")
  await scene.serve("tiny")
  await scene.untilState("tiny", "ready")
  scene.lose(scene.hives[0]!, "engine_ended", "it was killed")
  await scene.until("tiny", ({ state, replicas: [one] }) => state === "ready" && one?.lastLoss != null)
  assert.equal((await scene.chat("tiny")).status, 200)
  await scene.server.call("POST", "/v1/hives/tiny/stop", {})
  await scene.untilState("tiny", "stopped")
  await scene.server.call("DELETE", "/v1/hives/tiny")
  await scene.serve("tiny", { replicas: 2 })
  const { replicas, usedAt } = await scene.untilState("tiny", "ready")
  assert.deepEqual([replicas.map(({ lastLoss }) => lastLoss), usedAt], [[null, null], null])
  const second = replicas[1]?.plan?.members[0]?.host
  scene.lose(scene.hives.findLast(({ host }) => host.id === second)!, "engine_ended", "it was killed")
  await scene.until("tiny", ({ state, replicas: [, two] }) => state === "ready" && two?.lastLoss != null)
  await scene.serve("tiny", { data: null, file: null, replicas: 1 })
  await scene.until("tiny", (model) => model.replicas.length === 1)
  await scene.serve("tiny", { data: null, file: null, replicas: 2 })
  const again = await scene.until("tiny", (model) => model.state === "ready" && model.replicas.length === 2)
  assert.deepEqual(
    again.replicas.map(({ lastLoss }) => lastLoss),
    [null, null],
  )
})

test("a slow link of a hive that answers is said, with its ends, until it is well again", async () => {
  await using scene = await ModelScene.start()
  await scene.join("studio")
  await scene.store("tiny")
  await scene.serve("tiny")
  await scene.untilState("tiny", "ready")
  const hive = scene.hives[0]!
  scene.say(hive, { hive: "slow", rank: 0, member: 0, roundTripMs: 240 })
  const slow = await scene.until("tiny", ({ replicas: [one] }) => one?.reason != null)
  assert.equal(slow.state, "ready")
  assert.match(slow.replicas[0]?.reason ?? "", /^link slow: between studio and studio .* 240 ms/)
  assert.equal((await scene.chat("tiny")).status, 200)
  scene.say(hive, { hive: "slow", rank: 0, member: 0, roundTripMs: null })
  await scene.until("tiny", ({ replicas: [one] }) => one?.reason === null)
  const { events } = await scene.server.call<{ events: { type: string; what?: string }[] }>("GET", "/v1/events")
  const told = events.filter(({ what = "" }) => what.includes("ready -> ready"))
  assert.equal(told.length, 2, JSON.stringify(told))
})
