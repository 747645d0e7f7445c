import assert from "node:assert/strict"
import { readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import type { AgentClient } from "../../../test/support/agent-client.ts"
import { eventually, fileText, isThere } from "../../../test/support/agent-home.ts"
import { stop } from "../../../test/support/agent-orders.ts"
import { OwnerScene, QUICK } from "../../../test/support/owner-scene.ts"
import type { SteeredMac } from "../../../test/support/steered-mac.ts"
import type { AgentMessage } from "../../protocol/agent-wire.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { HostTerms } from "../../protocol/owner.ts"
import { NO_LEVER } from "../../protocol/owner.ts"
import { answerName, type OwnerWish, readAnswer, requestName, requestText } from "../../protocol/owner-request.ts"

/** Prints a number each 20 ms, and one line when it is asked to end. */
const COUNTING = [
  "sh",
  "-c",
  "trap 'echo asked; exit 7' TERM; n=0; while :; do n=$((n + 1)); echo $n; sleep 0.02; done",
]

/** Two agents and a wall clock: each reads the clock that counts sleep with its grain of 10 ms. */
const CLOCKS_MS = 100

function of<T extends AgentMessage["type"]>(agent: AgentClient, type: T) {
  return agent.messages.filter((message): message is Extract<AgentMessage, { type: T }> => message.type === type)
}

describe("an agent on a Mac that somebody uses", () => {
  it("stops what runs at the first key, and lets it go on when nobody is there any more", async () => {
    await using scene = await OwnerScene.start()
    const { agent, mac } = scene
    await scene.told(null)
    agent.startAttempt(1, COUNTING)
    await agent.until(() => agent.text(1).includes("5\n"), "a job that counts")
    mac.returns()
    const { reactionMs, why } = await agent.next("suspended", 1)
    assert.deepEqual(why, { code: "owner_here", text: "somebody is at it: keyboard or mouse in use" })
    assert.ok(reactionMs !== undefined && reactionMs >= 0 && Number.isInteger(reactionMs))
    assert.deepEqual(scene.states, ["T"])
    const now = () => readFileSync(join(mac.root, "Users/Shared/Windfall/Now.txt"), "utf8")
    await eventually(() => /^Job 1 of ann.*: stopped since/m.test(now()), "the owner's file")
    await scene.told("owner_here")
    const { suspendedMs } = await agent.next("continued", 1)
    assert.ok(suspendedMs >= 900, `${suspendedMs}`)
    const counted = agent.text(1).length
    await agent.until(() => agent.text(1).length > counted, "the job going on")
  })

  it("ends what was stopped for too long: it hears its signal, and its end says why", async () => {
    await using scene = await OwnerScene.start({ resume_after_idle: "10m", vacate_after: "1s" })
    const { agent } = scene
    await scene.told(null)
    agent.startAttempt(1, COUNTING)
    await agent.until(() => agent.text(1).includes("5\n"), "a job that counts")
    scene.mac.returns()
    await agent.next("suspended", 1)
    const { why } = await agent.next("vacating", 1)
    assert.equal(why.code, "suspended_too_long")
    const { exit } = (await agent.ended(1)).exited
    assert.deepEqual([exit.cause, exit.exitCode], ["owner_returned", 7])
    assert.match(agent.text(1), /asked\n$/)
  })

  it("says of what it did while nobody heard it what it would have said, also as the next agent", async () => {
    const rules = { resume_after_idle: "10m", vacate_after: "1s" }
    await using scene = await OwnerScene.start(rules)
    await scene.told(null)
    scene.agent.startAttempt(1, COUNTING)
    await scene.agent.until(() => scene.agent.text(1).includes("5\n"), "a job that counts")
    scene.mac.returns()
    const { asideAt, reactionMs } = await scene.agent.next("suspended", 1)
    await scene.agent.next("vacating", 1)
    const { message } = (await scene.agent.ended(1)).exited.exit
    await scene.agent.kill()
    await scene.connect(rules)
    const [found] = scene.agent.hello.attempts
    assert.match(message ?? "", /^It stepped aside: .*it was suspended for longer than 1/)
    assert.equal(found?.exit?.message, message)
    assert.equal(found?.asides?.length, 1)
    const [aside] = found?.asides ?? []
    assert.deepEqual(
      [aside?.at, aside?.reactionMs, aside?.vacated, aside?.why.code, aside?.left?.why.code],
      [asideAt, reactionMs, true, "owner_here", "suspended_too_long"],
    )
  })

  it("ends at once what holds the memory that its owner needs", async () => {
    await using scene = await OwnerScene.start({ keep_memory: "16G" })
    const { agent } = scene
    await scene.told(null)
    agent.startAttempt(1, COUNTING)
    await agent.until(() => agent.text(1).includes("5\n"), "a job that counts")
    scene.mac.set({ availableGib: 4 })
    scene.mac.returns()
    assert.equal((await agent.next("vacating", 1)).why.code, "memory_needed")
    assert.equal((await agent.ended(1)).exited.exit.cause, "owner_returned")
  })

  it("hands a stopped attempt to the next agent, and does not count the time", async () => {
    await using scene = await OwnerScene.start({ ...QUICK, resume_after_idle: "6s" })
    await scene.told(null)
    scene.agent.startAttempt(1, COUNTING, { timeLimitMs: 5_000 })
    await scene.agent.until(() => scene.agent.text(1).includes("5\n"), "a job that counts")
    scene.mac.returns()
    const { at, reactionMs } = await scene.agent.next("suspended", 1)
    await scene.agent.kill()
    assert.deepEqual(scene.states, ["T"])
    await scene.connect({ ...QUICK, resume_after_idle: "6s" })
    const [found] = scene.agent.hello.attempts
    assert.deepEqual([found?.phase, found?.suspendedAt, found?.reactionMs], ["running", at, reactionMs])
    const { suspendedMs } = await scene.agent.next("continued", 1)
    assert.ok(suspendedMs >= 5_000, "longer than its limit")
    const { exit } = (await scene.agent.ended(1)).exited
    assert.equal(exit.cause, "time_limit")
    assert.ok(exit.endedAt - (exit.startedAt ?? 0) >= 5_000 + suspendedMs - CLOCKS_MS, "what it ran itself")
  })

  it("lets a stopped job hear that somebody wants its end", async () => {
    await using scene = await OwnerScene.start({ resume_after_idle: "10m" })
    const { agent } = scene
    await scene.told(null)
    const order = agent.startAttempt(1, COUNTING)
    await agent.until(() => agent.text(1).includes("5\n"), "a job that counts")
    scene.mac.returns()
    await agent.next("suspended", 1)
    agent.send(stop(order, 10_000))
    const { exit } = (await agent.ended(1)).exited
    assert.deepEqual([exit.cause, exit.exitCode], ["cancelled", 7])
  })

  it("lets a stopped job hear that its owner takes the Mac out of the pool, and stops it no more", async () => {
    await using scene = await OwnerScene.start({ resume_after_idle: "10m" })
    const { agent } = scene
    await scene.told(null)
    agent.startAttempt(1, COUNTING, { graceMs: 20_000 })
    await agent.until(() => agent.text(1).includes("5\n"), "a job that counts")
    scene.mac.returns()
    await agent.next("suspended", 1)
    // As ssh/leave.sh does.
    writeFileSync(scene.home.at("windfall", "leaving"), "")
    agent.process.kill("SIGUSR2")
    await agent.next("left")
    const { exit } = (await agent.ended(1)).exited
    assert.deepEqual([exit.cause, exit.exitCode], ["owner_policy", 7])
    assert.match(agent.text(1), /asked\n$/)
  })

  it("tells of a GPU job that fails right after it went on that it did not survive that", async () => {
    await using scene = await OwnerScene.start()
    const { agent } = scene
    await scene.told(null)
    // It fails when it goes on.
    const program = "$| = 1; $SIG{CONT} = sub { exit 3 }; print qq(at work\\n); sleep 1 while 1"
    agent.startAttempt(1, ["perl", "-e", program], { lease: { memoryBytes: 1e9, gpus: 1, cores: 1 } })
    await agent.until(() => agent.text(1) === "at work\n", "a job at work")
    scene.mac.returns()
    await agent.next("suspended", 1)
    scene.mac.set({ inputAt: Date.now() + 1_500 })
    const { exit } = (await agent.ended(1)).exited
    assert.deepEqual([exit.cause, exit.exitCode], ["resume_failed", 3])
  })

  it("puts a job behind its owner's work and back where she wants it to go on", async () => {
    await using scene = await OwnerScene.start({ ...QUICK, on_return: "yield" })
    const { agent, mac } = scene
    await scene.told(null)
    agent.startAttempt(1, COUNTING)
    await agent.until(() => agent.text(1).includes("5\n"), "a job that counts")
    const done = (flag: string) => fileText(join(mac.root, "taskpolicy")).includes(`${flag} -p ${scene.group}\n`)
    mac.returns()
    await eventually(() => done("-b"), "the background")
    await eventually(() => done("-B"), "the way back")
    assert.equal(of(agent, "suspended").length, 0)
    assert.match(of(agent, "notice").find(({ sequence }) => sequence === 1)?.message ?? "", /GPU knows no priority/)
  })

  it("stops what runs on battery, and does not begin what was being made ready", async () => {
    await using scene = await OwnerScene.start({ ...QUICK, vacate_after: "10m" })
    const { agent, mac } = scene
    await scene.told(null)
    agent.startAttempt(1, COUNTING)
    // Its data never comes: it is being made ready for ever.
    const root = "a".repeat(64) as BlobHash
    agent.startAttempt(2, ["true"], { workspace: root })
    await agent.next("need", 2)
    await agent.until(() => agent.text(1).includes("5\n"), "a job that counts")
    mac.set({ power: "Battery" })
    assert.equal((await agent.next("suspended", 1)).why.code, "on_battery")
    const { cause, message } = await agent.next("refused", 2)
    assert.deepEqual([cause, message], ["owner_policy", "It cannot start there now: on battery, charged 80%"])
  })

  it("starts nothing while somebody is there, and what was sent all the same comes to nothing", async () => {
    await using scene = await OwnerScene.start(QUICK, { inputAt: Date.now() })
    scene.mac.returns()
    await scene.told("owner_here")
    scene.agent.startAttempt(1, ["true"])
    const { cause, message } = await scene.agent.next("refused", 1)
    assert.equal(cause, "owner_returned")
    assert.match(message, /somebody is at it/)
  })

  it("starts nothing on a Mac whose memory has gone since its last look", async () => {
    await using scene = await OwnerScene.start({ keep_memory: "16G" })
    const { agent, mac } = scene
    await scene.told(null)
    const promised = { lease: { memoryBytes: 2 * 1024 ** 3, gpus: 0, cores: 1 } }
    mac.set({ pressure: 4, availableGib: 1, swapUsedMib: 9 * 1024 })
    agent.startAttempt(1, ["true"], promised)
    const { cause, message } = await agent.next("refused", 1)
    assert.equal(cause, "owner_returned")
    assert.match(message, /its memory is needed: macOS reports critical memory pressure/)
    await scene.told("memory_needed")
    mac.set({ pressure: 1, availableGib: 48, swapUsedMib: 0 })
    await scene.told(null)
    agent.startAttempt(2, ["true"], promised)
    assert.equal((await agent.ended(2)).exited.exit.cause, "exited")
  })

  it("lets what is made ready wait for the first looks, and then start or end", async () => {
    await using scene = new OwnerScene()
    await scene.connect()
    // Sent before anybody can have looked often enough.
    scene.agent.startAttempt(1, ["true"])
    assert.equal((await scene.agent.ended(1)).exited.exit.cause, "exited")
    await using busy = new OwnerScene({ inputAt: Date.now() })
    await busy.connect({})
    busy.agent.startAttempt(1, ["true"])
    const { cause, message } = await busy.agent.next("refused", 1)
    assert.deepEqual([cause, message], ["owner_returned", "It cannot start there now: somebody is at it"])
  })

  it("keeps to what was said on the Mac without any server, and tells it to the next", async () => {
    await using scene = await OwnerScene.start()
    const { agent, mac } = scene
    await scene.told(null)
    agent.startAttempt(1, COUNTING)
    await agent.until(() => agent.text(1).includes("5\n"), "a job that counts")
    agent.cut()
    const said = ask(mac, "p1", { verb: "pause", until: Date.now() + 3_600_000 })
    await eventually(() => said() !== null, "an answer")
    assert.deepEqual([said()?.done, said()?.code], [true, null])
    assert.deepEqual(scene.states, ["T"], "stopped before it was answered")
    // A job may have said that, too: it cannot take anything back.
    const resumed = ask(mac, "p2", { verb: "resume" })
    await eventually(() => resumed() !== null, "an answer")
    assert.equal(resumed()?.code, "not_allowed")
    await scene.connect()
    const { lever } = await scene.agent.next("lever")
    assert.equal(lever.pauses.job?.pause?.until !== undefined, true)
    await scene.told("paused")
    // The owner's word from elsewhere, later.
    const word = { at: Date.now() + 1_000, by: "anna", pause: null }
    const terms: HostTerms = {
      host: "mac-3",
      owner: "anna",
      consoleAccount: "anna",
      fleet: { preset: "default", rules: QUICK },
    }
    scene.agent.send({ type: "owner", terms, lever: { pauses: { job: word }, rules: null } })
    await scene.agent.next("continued", 1)
    const told = of(scene.agent, "suspended").map(({ why, reactionMs }) => [why.code, reactionMs])
    const measuredMs = scene.agent.hello.attempts[0]?.reactionMs
    assert.ok(measuredMs !== undefined, "what the agent before measured")
    assert.deepEqual(told[0], ["paused", measuredMs], "why, for who has not heard it")
    assert.ok(isThere(scene.group))
  })

  it("asks no questions on a host that nobody sits at", async () => {
    await using scene = new OwnerScene({ inputAt: Date.now() })
    await scene.connect({}, NO_LEVER, "nobodys")
    scene.mac.returns()
    scene.agent.startAttempt(1, ["true"])
    assert.equal((await scene.agent.ended(1)).exited.exit.cause, "exited")
  })
})

/** Writes a request as this account, which is that of jobs; gives its answer, once it is there. */
function ask(mac: SteeredMac, id: string, wish: OwnerWish) {
  const folder = join(mac.root, "Users/Shared/Windfall/.requests")
  const file = join(folder, requestName(id))
  writeFileSync(`${file}.tmp`, requestText({ ...wish, id, at: Date.now() }))
  renameSync(`${file}.tmp`, file)
  return () => {
    try {
      return readAnswer(readFileSync(join(folder, answerName(id)), "utf8"))
    } catch {
      return null
    }
  }
}
