import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { eventually } from "../../../test/support/agent-home.ts"
import { stop } from "../../../test/support/agent-orders.ts"
import { OwnerScene, QUICK } from "../../../test/support/owner-scene.ts"
import type { AgentMessage, AttemptOrder } from "../../protocol/agent-wire.ts"
import type { SuspendFor } from "../../protocol/aside-wire.ts"
import type { JobId } from "../../protocol/ids.ts"

/** Prints a number each 20 ms, and one line when it is asked to end. */
const COUNTING = [
  "sh",
  "-c",
  "trap 'echo asked; exit 7' TERM; trap 'echo warned' USR1; n=0; while :; do n=$((n + 1)); echo $n; sleep 0.02; done",
]

function suspendFor({ attempt, sequence }: AttemptOrder, turn: number, job: number | null): SuspendFor {
  return { type: "suspend-for", attempt, sequence, turn, for: job as JobId | null, text: `for job ${job}` }
}

async function counting(scene: OwnerScene, limits: Partial<AttemptOrder> = {}): Promise<AttemptOrder> {
  await scene.told(null)
  const order = scene.agent.startAttempt(1, COUNTING, limits)
  await scene.agent.until(() => scene.agent.text(1).includes("5\n"), "a job that counts")
  return order
}

/** The latest that was told of this kind is as it should be. */
async function told<T extends AgentMessage["type"]>(
  { agent }: OwnerScene,
  type: T,
  holds: (message: Extract<AgentMessage, { type: T }>) => boolean,
): Promise<Extract<AgentMessage, { type: T }>> {
  const last = () =>
    agent.messages.findLast((one) => one.type === type) as Extract<AgentMessage, { type: T }> | undefined
  await agent.until(() => last() !== undefined && holds(last()!), `a fitting ${type}`)
  return last()!
}

const answered = (scene: OwnerScene, turn: number) => told(scene, "suspended-for", (one) => one.turn === turn)
const stoppedFor = (scene: OwnerScene, code: string) => told(scene, "suspended", ({ why }) => why.code === code)

/** Nothing of it runs; who waits in the kernel for a child that is stopped counts as stopped. */
function assertStopped({ states }: OwnerScene): void {
  assert.ok(states.length > 0 && states.every((state) => state === "T" || state === "D"), states.join(""))
}

async function goesOn({ agent }: OwnerScene): Promise<void> {
  const counted = agent.text(1).length
  await agent.until(() => agent.text(1).length > counted, "the job going on")
}

describe("an attempt that is stopped for another job", () => {
  it("stays so while its host's owner comes and goes, and goes on when the server says so", async () => {
    await using scene = await OwnerScene.start()
    const { agent } = scene
    const order = await counting(scene)
    agent.send(suspendFor(order, 1, 12))
    assert.equal((await stoppedFor(scene, "preempted")).why.text, "for job 12")
    await answered(scene, 1)
    assertStopped(scene)
    scene.mac.returns()
    await stoppedFor(scene, "owner_here")
    assert.equal((await stoppedFor(scene, "preempted")).why.text, "for job 12")
    assertStopped(scene)
    agent.send(suspendFor(order, 2, null))
    const { suspendedMs } = await agent.next("continued", 1)
    assert.ok(suspendedMs >= 900, "for both causes together")
    await answered(scene, 2)
    await goesOn(scene)
  })

  it("stays stopped for its owner when the other job has left", async () => {
    await using scene = await OwnerScene.start()
    const { agent } = scene
    const order = await counting(scene)
    scene.mac.stays()
    await stoppedFor(scene, "owner_here")
    agent.send(suspendFor(order, 1, 12))
    await answered(scene, 1)
    agent.send(suspendFor(order, 2, null))
    await answered(scene, 2)
    assertStopped(scene)
    scene.mac.leaves(0)
    await agent.next("continued", 1)
    await goesOn(scene)
  })

  it("is ended by its owner's rules as ever, and hears it", async () => {
    await using scene = await OwnerScene.start({ resume_after_idle: "10m", vacate_after: "1s" })
    const { agent } = scene
    const order = await counting(scene)
    agent.send(suspendFor(order, 1, 12))
    await answered(scene, 1)
    scene.mac.returns()
    assert.equal((await agent.next("vacating", 1)).why.code, "suspended_too_long")
    const { exit } = (await agent.ended(1)).exited
    assert.deepEqual([exit.cause, exit.exitCode], ["owner_returned", 7])
  })

  it("answers a repeat as before, and takes no older word", async () => {
    await using scene = await OwnerScene.start()
    const { agent } = scene
    const order = await counting(scene)
    agent.send(suspendFor(order, 2, 12), suspendFor(order, 1, null))
    await answered(scene, 2)
    const count = () => agent.messages.filter(({ type }) => type === "suspended-for").length
    const before = count()
    agent.send(suspendFor(order, 2, 12))
    await agent.until(() => count() > before, "another answer")
    assertStopped(scene)
    agent.send(suspendFor(order, 3, 13))
    await answered(scene, 3)
    agent.send(stop(order, 10_000))
    const { exit } = (await agent.ended(1)).exited
    assert.deepEqual([exit.cause, exit.exitCode], ["cancelled", 7])
  })

  it("is so for the next agent, which counts none of that time, and warns it when it goes on", async () => {
    await using scene = await OwnerScene.start({ ...QUICK })
    const warning = { signal: "SIGUSR1", beforeMs: 20_000, commandOnly: true }
    const order = await counting(scene, { timeLimitMs: 60_000, warning })
    scene.agent.send(suspendFor(order, 1, 12))
    const { at } = await scene.agent.next("suspended", 1)
    await answered(scene, 1)
    await scene.agent.kill()
    assertStopped(scene)
    await scene.connect({ ...QUICK })
    const { agent } = scene
    const [found] = agent.hello.attempts
    assert.deepEqual([found?.phase, found?.suspendedAt], ["running", at])
    agent.send(suspendFor(order, 1, 12))
    await answered(scene, 1)
    agent.send({ type: "limit", attempt: order.attempt, sequence: 1, timeLimitMs: 20_050 })
    await eventually(() => agent.messages.some(({ type }) => type === "notice"), "the warning")
    assert.doesNotMatch(agent.text(1), /warned/)
    agent.send(suspendFor(order, 2, null))
    await agent.next("continued", 1)
    await agent.until(() => agent.text(1).includes("warned\n"), "the job's answer")
    agent.send(stop(order, 10_000))
    await agent.ended(1)
    assert.equal(agent.text(1).split("warned").length, 2)
  })
})
