import assert from "node:assert/strict"
import { test } from "node:test"
import { until } from "../../../test/support/held-answers.ts"
import { type BegunHive, ModelScene } from "../../../test/support/model-scene.ts"
import { streamWords } from "../../../test/support/scripted-engine.ts"

const LIMITS = { restMs: 5, longestRestMs: 10, drainMs: 100, planAgainMs: 20, probeMs: 5_000, probeAgainMs: 5 }

/** A model on two hosts, whose engines end as is told when they read what is deadly. */
async function served(
  replicas: number,
  end: (scene: ModelScene, hive: BegunHive) => void,
): Promise<{ readonly scene: ModelScene; readonly deaths: () => number }> {
  const scene = await ModelScene.start({ modelLimits: LIMITS })
  for (const name of ["studio", "other"].slice(0, replicas)) await scene.join(name)
  await scene.store("tiny")
  await scene.serve("tiny", { replicas })
  await scene.untilState("tiny", "ready")
  let deaths = 0
  const { script } = scene.engine
  scene.engine.script = (asked) => {
    if (!JSON.stringify(asked.body).includes("deadly")) return script(asked)
    deaths++
    // All share one engine here: whichever it was, another is up for its canaries.
    asked.response.destroy()
    for (const hive of scene.hives) if (hive.attempt.phase === "running") end(scene, hive)
  }
  return { scene, deaths: () => deaths }
}

function ask(scene: ModelScene, content: string): Promise<Response> {
  return scene.chat("tiny", { messages: [{ role: "user", content }] })
}

async function told(response: Response): Promise<readonly [status: number, message: string]> {
  const { error } = (await response.json()) as { error?: { message: string } }
  return [response.status, error?.message ?? ""]
}

const crash = (signal?: string) => (scene: ModelScene, hive: BegunHive) => {
  const reason = `on studio its head was ended by ${signal ?? "SIGSEGV"}`
  scene.say(hive, {
    hive: "lost",
    rank: 0,
    member: 0,
    code: "engine_ended",
    reason,
    ...(signal === undefined ? {} : { signal }),
  })
  hive.host.finish(hive.attempt, { exitCode: 75 })
}

test("a request of which an engine died for want of memory goes to no other replica: its host says so a moment later", async () => {
  const { scene, deaths } = await served(2, (_, { host, attempt }) =>
    host.finish(attempt, { cause: "out_of_memory", message: "it held 9 GB" }),
  )
  await using _ = scene
  const [status, message] = await told(await ask(scene, "deadly"))
  assert.deepEqual([status, deaths()], [503, 1])
  assert.match(message, /^The answer of tiny was lost: out of memory on (studio|other): it held 9 GB\. It is not/)
})

test("a request that ends engines is asked twice, and cannot have a model degraded, however often it comes", async () => {
  const { scene, deaths } = await served(1, crash("SIGSEGV"))
  await using _ = scene
  const [status, message] = await told(await ask(scene, "deadly"))
  assert.deepEqual([status, deaths()], [502, 2])
  assert.match(message, /ended by SIGSEGV\. It is not tried again/)
  for (let times = 0; times < 6; times++) assert.equal((await told(await ask(scene, "deadly")))[0], 422)
  assert.equal(deaths(), 2)
  assert.equal((await ask(scene, "harmless")).status, 200)
  const { replicas } = await scene.untilState("tiny", "ready")
  assert.equal(replicas[0]?.losses, 1)
  assert.match(replicas[0]?.lastLoss?.reason ?? "", /its head was ended by SIGSEGV/)
})

test("a model that dies of whatever it is asked is degraded", async () => {
  const { scene } = await served(1, crash())
  await using _ = scene
  for (const which of ["a", "b", "c", "d", "e"]) {
    const [status] = await told(await ask(scene, `deadly ${which}`))
    assert.ok(status === 502 || status === 503, String(status))
  }
  const { reason, replicas } = await scene.untilState("tiny", "degraded")
  assert.match(`${reason} ${replicas[0]?.reason}`, /lost 5 times in a row, the last time as .*SIGSEGV/)
})

test("an engine that finds no room for one request is not taken from its host; for several it is", async () => {
  const { scene, deaths } = await served(1, (scene, hive) =>
    scene.lose(hive, "out_of_memory", "there was no room for 800 MiB more"),
  )
  await using _ = scene
  const losses = (count: number) =>
    scene.until("tiny", ({ replicas }) => replicas.every((one) => one.losses >= count && one.state !== "ending"))
  assert.equal((await told(await ask(scene, "deadly")))[0], 503)
  assert.equal(deaths(), 1)
  await losses(1)
  const { replicas } = await scene.untilState("tiny", "ready")
  assert.deepEqual(
    replicas.flatMap(({ leftOut = [] }) => leftOut),
    [],
  )
  assert.equal((await told(await ask(scene, "deadly too")))[0], 503)
  const { replicas: after } = await losses(2)
  assert.ok(after.some(({ leftOut = [] }) => leftOut.length > 0))
})

test("one that stood still is lost with what was there then; a request that came later is asked again elsewhere", async () => {
  const held = Promise.withResolvers<void>()
  const { scene } = await served(1, () => {})
  await using _ = scene
  const before = scene.engine.script
  let isStill = true
  const waiting: (() => void)[] = []
  scene.engine.script = (asked) => {
    if (asked.body.prompt !== undefined || !isStill) return streamWords(asked, ["fine"])
    waiting.push(() => void asked.response.destroy())
    held.resolve()
  }
  const late = ask(scene, "late")
  await held.promise
  isStill = false
  const [hive] = scene.hives
  scene.say(hive!, { hive: "lost", rank: 0, member: null, code: "stuck", reason: "no token came", silentMs: 120_000 })
  await until(() => true)
  for (const cut of waiting) cut()
  hive!.host.finish(hive!.attempt, { exitCode: 75 })
  assert.equal((await late).status, 200)
  scene.engine.script = before
})
