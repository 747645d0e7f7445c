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
