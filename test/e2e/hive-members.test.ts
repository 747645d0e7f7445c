import assert from "node:assert/strict"
import { chmodSync } from "node:fs"
import { connect } from "node:net"
import { describe, it } from "node:test"
import { HIVE_STOP_SIGNAL } from "../../src/hive/order/hive-order.ts"
import { startRelay } from "../lab/relay.ts"
import { eventually } from "../support/agent-home.ts"
import { chat, complete, HiveScene, type HiveSetup, signal, tokensOf } from "../support/hive-scene.ts"
import { findLlamaCpp, olderLlamaCpp } from "../support/llama-cpp.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const llama = await findLlamaCpp()
const engineFolder = "folder" in llama ? llama.folder : ""
const skip = "lacking" in llama && llama.lacking
const PROMPT = "The quick brown fox"
const LOST = { exitCode: 75 }

async function twoMembers(
  changes: Omit<HiveSetup, "engineFolder" | "layers"> & { readonly layers?: readonly number[] } = {},
) {
  return HiveScene.set({ engineFolder, layers: [2, 4], ...changes })
}

describe("a hive of two members with llama.cpp", { skip, timeout: 600_000 }, () => {
  it("says when the link of a member is slow, and when it is no longer, and answers all the same", async () => {
    await using scene = await twoMembers({ limits: { pulseMs: 50 } })
    const head = scene.start(0)
    // What proves that members live goes this way; the engine's own words do not.
    await using relay = await startRelay(scene.meetingPlace)
    const other = scene.start(1, {
      WINDFALL_PEERS: "127.0.0.1 127.0.0.3",
      WINDFALL_PEER_PORTS: `${relay.port} ${scene.meetingPlace.port}`,
    })
    const { port } = await head.says("ready")
    relay.set({ delayMs: 120 })
    const slow = await head.says("slow")
    assert.equal(slow.member, 1)
    assert.ok((slow.roundTripMs ?? 0) > 100, `${slow.roundTripMs}`)
    assert.equal((await complete(port, { prompt: PROMPT, max_tokens: 2 })).status, 200)
    relay.set({ delayMs: 0 })
    await head.child.says(/"hive":"slow".*"roundTripMs":null/)
    head.child.kill("SIGTERM")
    assert.deepEqual([(await head.ended).exitCode, (await other.ended).exitCode], [0, 0])
  })

  it("says the same as one host, with layers where they were ordered, and ends with nothing alive", async () => {
    const alone = await HiveScene.set({ engineFolder, layers: [6] })
    await using _alone = alone
    const single = alone.start(0)
    const expected = await tokensOf((await single.says("ready")).port, PROMPT, 32)
    assert.ok(new Set(expected).size >= 20, `${expected}`)
    const weights = new Map<number, number>()
    for (const layers of [
      [2, 4],
      [5, 1],
    ]) {
      await using scene = await twoMembers({ layers })
      const [head, other] = scene.startAll()
      const ready = await head!.says("ready")
      assert.deepEqual(await tokensOf(ready.port, PROMPT, 32), expected)
      const placed = ready.placed.find(({ rank, kind }) => rank === 1 && kind === "model")
      weights.set(layers[1] ?? 0, placed?.bytes ?? 0)
      const said = await chat(ready.port, PROMPT)
      head!.child.kill("SIGTERM")
      assert.deepEqual(await Promise.all([head, other].map(async (one) => (await one!.ended).exitCode)), [0, 0])
      assert.deepEqual(
        head!.news.map(({ hive }) => hive),
        ["starting", "starting", "starting", "starting", "ready", "draining", "stopped"],
      )
      assert.deepEqual(scene.alive(), [])
      const printed = [head, other].map((one) => one!.child.stdout + one!.child.stderr).join("")
      assert.ok(printed.includes("load_tensors"), "the engine's log is passed on")
      for (const secret of [PROMPT, said, scene.order.key, scene.order.engineKey]) assert.ok(!printed.includes(secret))
    }
    const [four = 0, one = 0] = [weights.get(4), weights.get(1)]
    assert.ok(one > 0 && four > one, `layers moved, but not their bytes: ${four} and ${one}`)
  })

  it("notices a worker that is killed while nothing is asked", async () => {
    await using scene = await twoMembers()
    const [head, other] = scene.startAll()
    await head!.says("ready")
    for (const pid of scene.engines(1, "ggml-rpc-server")) signal(pid, "SIGKILL")
    const lost = await head!.says("lost")
    assert.equal(lost.member, 1)
    assert.equal(lost.code, "engine_ended")
    assert.match(lost.reason, /SIGKILL, perhaps for want of memory/)
    assert.equal((await head!.ended).exitCode, LOST.exitCode)
    assert.equal((await other!.ended).exitCode, LOST.exitCode)
    assert.deepEqual(scene.alive(), [])
  })

  it("says whose worker it was that died in the middle of an answer", async () => {
    await using scene = await twoMembers({ model: { contextTokens: 4096 }, changes: { contextTokens: 4096 } })
    const [head] = scene.startAll()
    const { port } = await head!.says("ready")
    const workers = scene.engines(1, "ggml-rpc-server")
    const response = await complete(port, { prompt: PROMPT, max_tokens: 3_000, stream: true })
    for (const pid of workers) signal(pid, "SIGKILL")
    // Cut, as it is sent by an engine that aborts.
    await assert.rejects(response.text())
    const lost = await head!.says("lost")
    assert.deepEqual([lost.member, lost.code], [1, "engine_ended"])
    await head!.ended
    await scene.members[1]!.ended
    assert.deepEqual(scene.alive(), [])
  })

  it("notices a worker that somebody has stopped", async () => {
    await using scene = await twoMembers()
    const [head] = scene.startAll()
    await head!.says("ready")
    for (const pid of scene.engines(1, "ggml-rpc-server")) signal(pid, "SIGSTOP")
    const lost = await head!.says("lost")
    assert.deepEqual([lost.member, lost.code], [1, "engine_stopped"])
    await head!.ended
    await scene.members[1]!.ended
    assert.deepEqual(scene.alive(), [])
  })

  it("notices a host that says nothing any more; the host that comes back ends what it has", async () => {
    await using scene = await twoMembers({ limits: { silentMs: 1_000 } })
    const head = scene.start(0)
    // Or it would end itself.
    const other = scene.start(1, {}, { limits: { ...scene.order.limits, silentMs: 60_000 } })
    await head.says("ready")
    const frozen = [other.child.pid, ...scene.engines(1, "ggml-rpc-server")]
    for (const pid of frozen) signal(pid, "SIGSTOP")
    const lost = await head.says("lost")
    assert.deepEqual([lost.member, lost.code], [1, "member_lost"])
    assert.match(lost.reason, /nothing was heard of member 1 \(mac-1\)/)
    for (const pid of frozen) signal(pid, "SIGCONT")
    assert.equal((await other.ended).exitCode, LOST.exitCode)
    await head.ended
    assert.deepEqual(scene.alive(), [])
  })

  it("ends a member program that stands still, where nobody else would miss it, with its engine", async () => {
    await using scene = await HiveScene.set({ engineFolder, layers: [2], limits: { silentMs: 1_000 } })
    const [head] = scene.startAll()
    await head!.says("ready")
    for (const pid of [head!.child.pid, ...scene.engines(0, "llama-server")]) signal(pid, "SIGSTOP")
    const lost = await head!.says("lost")
    assert.deepEqual([lost.member, lost.code], [0, "engine_stopped"])
    assert.match(lost.reason, /its member program stood still for 3 s/)
    assert.equal((await head!.ended).exitCode, 137)
    await eventually(() => scene.alive().length === 0, "nothing is alive")
  })

  it("is no member that stands still when all its processes did, as where an owner is there", async () => {
    await using scene = await HiveScene.set({ engineFolder, layers: [2], limits: { silentMs: 600 } })
    const [head] = scene.startAll()
    const { port } = await head!.says("ready")
    const all = scene.alive().map(({ pid }) => pid)
    for (const pid of all) signal(pid, "SIGSTOP")
    // While all stand still nothing can be awaited; a guard that ran would have ended it after 1.8 s.
    await new Promise((later) => setTimeout(later, 4_000))
    for (const pid of all.toReversed()) signal(pid, "SIGCONT")
    assert.equal((await complete(port, { prompt: PROMPT, max_tokens: 2 })).status, 200)
    head!.child.kill("SIGTERM")
    assert.equal((await head!.ended).exitCode, 0)
    assert.ok(!head!.child.stdout.includes('"hive":"lost"'))
    assert.deepEqual(scene.alive(), [])
  })

  it("leaves no engine behind when its members are killed", async () => {
    await using scene = await twoMembers()
    const [head, other] = scene.startAll()
    await head!.says("ready")
    head!.child.kill("SIGKILL")
    assert.equal((await other!.says("lost")).member, 0)
    await Promise.all([head!.ended, other!.ended])
    while (scene.alive().length > 0) await new Promise((again) => setTimeout(again, 20))
  })

  it("notices an answer that does not get on, though the engine says that it is well", async () => {
    // So rarely looked at that a stopped worker shows in nothing else.
    await using scene = await twoMembers({ limits: { pulseMs: 60_000, silentMs: 200_000, stallMs: 1_000 } })
    const [head] = scene.startAll()
    const { port } = await head!.says("ready")
    for (const pid of scene.engines(1, "ggml-rpc-server")) signal(pid, "SIGSTOP")
    const asked = complete(port, { prompt: PROMPT, max_tokens: 8 }).catch(() => null)
    const lost = await head!.says("lost")
    assert.equal(lost.code, "stuck")
    await head!.ended
    await asked
    for (const pid of scene.engines(1, "ggml-rpc-server")) signal(pid, "SIGCONT")
    await scene.members[1]!.ended
    assert.deepEqual(scene.alive(), [])
  })

  it("finishes what is in flight when it is asked to end", async () => {
    await using scene = await twoMembers({ model: { contextTokens: 4096 }, changes: { contextTokens: 4096 } })
    const [head, other] = scene.startAll()
    const { port } = await head!.says("ready")
    const processes = scene.alive()
    const response = await complete(port, { prompt: PROMPT, max_tokens: 800, stream: true })
    // As a supervisor does it: all processes of all members, in any order.
    for (const { pid } of processes.toReversed()) signal(pid, HIVE_STOP_SIGNAL)
    await head!.says("draining")
    const answer = response.text()
    const isOver = await Promise.race([answer.then(() => true), new Promise((soon) => setImmediate(soon, false))])
    assert.equal(isOver, false, "it was over before the hive was asked to end")
    const text = await answer
    assert.match(text, /"finish_reason":"length"/)
    assert.match(text, /data: \[DONE\]/)
    assert.deepEqual([(await head!.ended).exitCode, (await other!.ended).exitCode], [0, 0])
    assert.deepEqual(scene.alive(), [])
  })

  it("ends at once when it is asked a second time, also with requests that wait behind full slots", async () => {
    await using scene = await twoMembers({ limits: { drainMs: 600_000, graceMs: 600_000 }, changes: { slots: 1 } })
    const [head] = scene.startAll()
    const { port } = await head!.says("ready")
    for (const pid of scene.engines(1, "ggml-rpc-server")) signal(pid, "SIGSTOP")
    const asked = [1, 2, 3].map(() => complete(port, { prompt: PROMPT, max_tokens: 400 }).catch(() => null))
    head!.child.kill("SIGTERM")
    await head!.says("draining")
    head!.child.kill("SIGTERM")
    await head!.ended
    await Promise.all(asked)
    await scene.members[1]!.ended
    assert.deepEqual(scene.alive(), [])
  })

  it("refuses members of different versions before any engine begins", async (t) => {
    const older = await olderLlamaCpp()
    if ("lacking" in older || older.folder === engineFolder) return t.skip("there is only one version here")
    await using scene = await twoMembers()
    const head = scene.start(0)
    const other = scene.start(1, {}, { engineFolder: older.folder })
    const lost = await head.says("lost")
    assert.deepEqual([lost.member, lost.code], [1, "versions_differ"])
    assert.match(lost.reason, /member 1 \(mac-1\) has version .+, the head \(mac-0\) .+/)
    assert.deepEqual([(await head.ended).exitCode, (await other.ended).exitCode], [78, 78])
    assert.ok(![...head.news, ...other.news].some((one) => one.hive === "starting" && one.step === "loading"))
    assert.deepEqual(scene.alive(), [])
  })

  it("says which member has no room", async () => {
    using scratch = new ScratchFolder()
    // The real worker, in a process that may not have more.
    const limited = `#!/bin/sh\nulimit -v 700000\nexec ${engineFolder}/ggml-rpc-server "$@"\n`
    scratch.write({ "ggml-rpc-server": limited, "llama-server": `#!/bin/sh\nexec ${engineFolder}/llama-server "$@"\n` })
    for (const name of ["ggml-rpc-server", "llama-server"]) chmodSync(scratch.at(name), 0o755)
    await using scene = await twoMembers({ changes: { contextTokens: 800_000 } })
    const head = scene.start(0)
    const other = scene.start(1, {}, { engineFolder: scratch.path })
    const lost = await head.says("lost")
    assert.deepEqual([lost.member, lost.code], [1, "out_of_memory"])
    await Promise.all([head.ended, other.ended])
    assert.deepEqual(scene.alive(), [])
  })

  it("believes nobody without the key, and says who did not come", async () => {
    await using scene = await twoMembers({ limits: { gatherMs: 3_000 } })
    const head = scene.start(0)
    await head.says("starting")
    const other = scene.start(1, {}, { key: "00".repeat(32) })
    const stranger = connect(scene.meetingPlace)
    stranger.on("error", () => {})
    stranger.write(`windfall-hive 1 ${"0".repeat(32)} 1\n${"0".repeat(64)} {"type":"here","version":"x"}\n`)
    const lost = await head.says("lost")
    assert.deepEqual([lost.member, lost.code], [1, "member_missing"])
    const theirs = await other.says("lost")
    assert.deepEqual([theirs.member, theirs.code], [0, "member_missing"])
    stranger.destroy()
    await Promise.all([head.ended, other.ended])
    assert.deepEqual(scene.alive(), [])
  })

  it("says where there is no engine, and how to get one", async () => {
    using empty = new ScratchFolder()
    await using scene = await twoMembers()
    const head = scene.start(0)
    const other = scene.start(1, { PATH: empty.path, HOME: empty.path }, { engineFolder: empty.path })
    const lost = await head.says("lost")
    assert.deepEqual([lost.member, lost.code], [1, "engine_missing"])
    assert.match(lost.hint ?? "", /no administrator is needed/)
    assert.deepEqual([(await head.ended).exitCode, (await other.ended).exitCode], [78, 78])
  })
})
