import assert from "node:assert/strict"
import { test } from "node:test"
import { type BegunHive, ModelScene, ready } from "../../../test/support/model-scene.ts"
import { modelDetails } from "../../cli/render/model-text.ts"
import type { WhyAnswer } from "../../protocol/api.ts"

const GIB = 1024 ** 3
const LIMITS = { restMs: 5, planAgainMs: 20 }
const LACKS = "its engine cannot be built there"

/** Three hosts: two serve other models, which stay, and the third one lacks what a new model needs. */
async function start(): Promise<{ scene: ModelScene; hivesOf: () => readonly BegunHive[] }> {
  const scene = await ModelScene.start({ modelLimits: LIMITS })
  for (const name of ["mac1", "mac2"]) await scene.join(name)
  const lacking = await scene.join("mac3")
  for (const [name, pin] of [
    ["tiny", "mac1"],
    ["emb", "mac2"],
  ] as const) {
    await scene.store(name)
    await scene.serve(name, { pins: [pin], idleStopMs: 0 })
    await scene.untilState(name, "ready")
  }
  scene.play = (hive) => {
    if (hive.host === lacking) scene.lose(hive, "engine_missing", LACKS)
    else scene.say(hive, ready())
  }
  await scene.store("mlx")
  return { scene, hivesOf: () => scene.hives.slice(2) }
}

test("a model that one host cannot run waits for those that others have now, and goes there once they are free", async () => {
  const { scene, hivesOf } = await start()
  await using _ = scene
  await scene.serve("mlx")
  const waits = await scene.until("mlx", ({ replicas: [one] }) => one?.losses === 1 && one.state === "waiting")
  assert.equal(waits.state, "waiting")
  const said = await scene.until("mlx", ({ replicas: [one] }) => /mac3/.test(one?.reason ?? ""))
  const why = said.replicas[0]?.reason ?? ""
  assert.match(why, /mac1: tiny is served there; mac2: emb is served there; mac3: .*cannot be built there/)
  assert.deepEqual(
    said.replicas[0]?.leftOut?.map(({ hostName, what, reason }) => [hostName, what, reason]),
    [["mac3", "host", LACKS]],
  )
  // To ask for it again changes nothing of where it could run.
  await scene.serve("mlx", { data: null, file: null })
  await scene.until("mlx", ({ replicas: [one] }) => /mac3/.test(one?.reason ?? ""))
  assert.equal(hivesOf().length, 1)
  await scene.server.call("POST", "/v1/hives/emb/stop", {})
  const served = await scene.untilState("mlx", "ready")
  assert.deepEqual([served.replicas[0]?.plan?.members[0]?.hostName, hivesOf().length], ["mac2", 2])
})

test("where no host at all could run it, however long it waits, it is degraded; asked for again it is tried there anew", async () => {
  const { scene, hivesOf } = await start()
  await using _ = scene
  await scene.serve("mlx", { pins: ["mac3"] })
  const { reason } = await scene.untilState("mlx", "degraded")
  assert.match(reason ?? "", /cannot be built there/)
  assert.equal(hivesOf().length, 1)
  await scene.serve("mlx", { data: null, file: null })
  await scene.until("mlx", ({ state, replicas: [one] }) => state === "degraded" && one?.losses === 1)
  assert.equal(hivesOf().length, 2)
  // What was in the way there is mended.
  scene.play = (hive) => scene.say(hive, ready())
  await scene.serve("mlx", { data: null, file: null })
  await scene.untilState("mlx", "ready")
})

test("many hosts that cannot run it do not use up its tries: it goes to the one that can", async () => {
  await using scene = await ModelScene.start({ modelLimits: { ...LIMITS, mostLosses: 3 } })
  const hosts = []
  for (const name of ["mac1", "mac2", "mac3", "mac4", "mac5"]) hosts.push(await scene.join(name))
  scene.play = (hive) => {
    if (scene.hives.length < hosts.length) scene.lose(hive, "engine_missing", LACKS)
    else scene.say(hive, ready())
  }
  await scene.store("tiny")
  await scene.serve("tiny")
  const { replicas } = await scene.untilState("tiny", "ready")
  assert.equal(new Set(scene.hives.map(({ host }) => host)).size, hosts.length)
  assert.equal(replicas[0]?.leftOut?.length, hosts.length - 1)
})

test("a host whose disk has no room is left out and another one tried; where there is none it says so at once", async () => {
  await using scene = await ModelScene.start({ modelLimits: { ...LIMITS, mostLosses: 3 } })
  const full = await scene.join("mac1")
  const text = "Cannot make room for 304 KB of data: Windfall may keep 0 B on this host now"
  let refusals = 0
  full.script = (_, attempt) => {
    refusals++
    full.refuse(attempt, "data_failed", text)
  }
  await scene.store("tiny")
  await scene.serve("tiny")
  const alone = await scene.untilState("tiny", "degraded")
  assert.match(alone.reason ?? "", /no room on the disk of mac1: Cannot make room .* 0 B on this host now/)
  assert.doesNotMatch(alone.reason ?? "", /windfall send/)
  assert.equal(refusals, 1)
  await scene.join("mac2")
  await scene.serve("tiny", { data: null, file: null })
  const { replicas } = await scene.untilState("tiny", "ready")
  assert.equal(replicas[0]?.plan?.members[0]?.hostName, "mac2")
  assert.deepEqual(
    replicas[0]?.leftOut?.map(({ hostName, what }) => [hostName, what]),
    [["mac1", "host"]],
  )
})

test("why a model's job waits names the hosts that are left out, until when, and why", async () => {
  await using scene = await ModelScene.start({ modelLimits: LIMITS })
  const { server } = scene
  const lacking = await scene.join("mac2")
  scene.play = (hive) => scene.lose(hive, "engine_missing", LACKS)
  await scene.store("tiny")
  await scene.join("mac1")
  await server.submit({ host: "mac1", resources: { memoryBytes: 6 * GIB, gpus: null, cores: 2 } })
  await scene.serve("tiny")
  const waits = await scene.until("tiny", ({ replicas: [one] }) => one?.losses === 1 && one.job !== null)
  const [replica] = waits.replicas
  assert.deepEqual(
    replica?.leftOut?.map(({ host, what, reason }) => [host, what, reason]),
    [[lacking.id, "host", LACKS]],
  )
  const told = await server.call<WhyAnswer>("GET", `/v1/jobs/${replica?.job}/why`)
  assert.match(told.summary, /; tiny leaves out mac2, where it was lost$/)
  const rows = told.hosts.filter(({ name }) => name === "mac2")
  assert.deepEqual(
    rows.map(({ code, until }) => [code, until]),
    [["left_out", replica?.leftOut?.[0]?.until]],
  )
  assert.match(rows[0]?.text ?? "", /^tiny leaves it out for another (?:9m|10m) .*, as it was lost there: its engine/)
  const shown = modelDetails(waits, "https://lab:7700", 0)
  assert.match(shown, /\nleft out +mac2 until \d{4}-\d\d-\d\d \S+: its engine cannot be built there\n/)
})
