/**
 * The real llama.cpp over two hosts that have no network in common that is trusted: its traffic goes through tunnels of the server. The same
 * words come as from one host; a killed server and a cut link end the hive with a reason, and it comes back whole.
 */
import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { KeyView } from "../../src/protocol/key-api.ts"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { MACS } from "../lab/mac/models.ts"
import { eventually } from "../support/agent-home.ts"
import { olderLlamaCpp, putOnSimulatedMac } from "../support/llama-cpp.ts"
import { startPool } from "../support/pool.ts"
import { writeRandomGguf } from "../support/random-gguf.ts"

const llama = await olderLlamaCpp()
const skip = "lacking" in llama && llama.lacking
const TIMING = { pingMs: 500, silenceMs: 10_000, firstRetryMs: 100, lastRetryMs: 500 }
const MODEL_LIMITS = { restMs: 1_000, planAgainMs: 500, probeAgainMs: 100, wayMs: 3_000 }
/** So small that what is kept of three long conversations needs two of them. */
const SMALL = { ...MACS.air, memoryGib: 2 }
const LONG = ["--context", "128k", "--slots", "3"]

test("a split through tunnels says what one host says, and comes back when server or link are lost", {
  skip,
  timeout: 280_000,
}, async () => {
  await using pool = await startPool({
    hosts: [
      { kind: "mac", mac: SMALL },
      { kind: "mac", mac: SMALL },
    ],
    server: { timing: TIMING, modelLimits: MODEL_LIMITS, labMacs: true },
  })
  for (const host of pool.hosts) {
    if ("folder" in llama) putOnSimulatedMac(host.files, llama.folder)
    host.mac.owner("leaves", { idleMs: 3_600_000 })
    await pool.api("POST", `/v1/hosts/${host.name}/owner/rules`, { rules: { start_after_idle: "1s" } })
    await pool.untilHost(host.name, ({ presence }) => presence?.state === "away")
  }
  const project = join(pool.scratch.at("home"), "project")
  mkdirSync(project, { recursive: true })
  writeRandomGguf(join(project, "tiny.gguf"), { width: 128, contextTokens: 200_000 })
  const { key } = await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })
  const model = () => pool.api<ModelView>("GET", "/v1/hives/tiny")
  const serve = async (...words: string[]) => {
    const served = await pool.windfall(["model", "serve", "tiny", "tiny.gguf", ...words])
    assert.equal(served.exitCode, 0, served.stderr)
    return model()
  }
  const says = async () => {
    const answer = await fetch(`${pool.url}/v1/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        ...{ model: "tiny", prompt: "The quick brown fox", max_tokens: 32, temperature: 0, repeat_penalty: 1.3 },
      }),
    })
    assert.equal(answer.status, 200, await answer.clone().text())
    const { choices, usage } = (await answer.json()) as {
      choices: [{ text: string }]
      usage: { completion_tokens: number }
    }
    assert.equal(usage.completion_tokens, 32)
    return choices[0].text
  }
  const engines = () =>
    pool.hosts.map((host) => host.processes().filter(({ command }) => /llama-server|rpc-server/.test(command)).length)

  const alone = await serve("--context", "1k", "--slots", "1")
  assert.equal(alone.replicas[0]?.plan?.members.length, 1)
  const expected = await says()

  const before = alone.replicas[0]?.job
  await serve(...LONG)
  // What was served before answers until it is replaced.
  await eventually(async () => {
    const { state, replicas } = await model()
    return state === "ready" && replicas[0]?.job !== before
  }, "ready as a split")
  const split = await model()
  const { plan } = split.replicas[0]!
  assert.deepEqual([plan?.members.length, plan?.over], [2, { kind: "tunnel" }])
  assert.ok(engines().every((count) => count > 0))
  assert.match((await pool.windfall(["model", "show", "tiny"])).stdout, /network +tunnels through the server/)
  // For longer than a way may take to be made.
  const untilMs = performance.now() + 2 * MODEL_LIMITS.wayMs
  do assert.equal(await says(), expected)
  while (performance.now() < untilMs)
  assert.equal((await model()).replicas[0]?.job, split.replicas[0]?.job)

  const first = split.replicas[0]?.job
  await pool.server.kill9()
  await pool.server.start()
  await eventually(async () => {
    const { state, replicas } = await model()
    return state === "ready" && replicas[0]?.job !== first
  }, "ready after the server was killed")
  const lost = (await pool.events()).filter(
    (event) => event.type === "model_changed" && /server was restarted, and the tunnels/.test(event.what),
  )
  assert.ok(lost.length > 0)
  assert.equal(await says(), expected)

  const second = (await model()).replicas[0]?.job
  const [, cut] = pool.hosts
  await cut!.cut()
  await eventually(async () => (await model()).state !== "ready", "lost with the link")
  await cut!.restore()
  await eventually(async () => {
    const { state, replicas } = await model()
    return state === "ready" && replicas[0]?.job !== second
  }, "ready after the link was cut")
  assert.equal(await says(), expected)

  const stopped = await pool.windfall(["model", "stop", "tiny"])
  assert.equal(stopped.exitCode, 0, stopped.stderr)
  assert.deepEqual(engines(), [0, 0])
})
