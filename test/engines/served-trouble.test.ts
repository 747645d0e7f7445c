/** A model split by the real llama.cpp over two hosts of a pool, and what may happen to it: it says who it was and why, comes back whole, and nothing of it stays. */
import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { totalmem } from "node:os"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import type { KeyView } from "../../src/protocol/key-api.ts"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { eventually } from "../support/agent-home.ts"
import { signal } from "../support/hive-scene.ts"
import { findLlamaCpp, putLlamaCpp } from "../support/llama-cpp.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { writeRandomGguf } from "../support/random-gguf.ts"

const llama = await findLlamaCpp()
const skip = "lacking" in llama && llama.lacking
const TIMING = { pingMs: 500, silenceMs: 1_000, firstRetryMs: 100, lastRetryMs: 500 }
const MODEL_LIMITS = { restMs: 50, planAgainMs: 500, probeAgainMs: 100 }
/** So little is lent that the cache of so much context needs both. */
const LENT_MIB = 1_330
const CONTEXT_TOKENS = 98_304

describe("a model split by llama.cpp over two hosts", { skip, timeout: 300_000 }, () => {
  let pool: Pool
  let key = ""
  const model = () => pool.api<ModelView>("GET", "/v1/hives/tiny")
  const engines = (at?: number) =>
    pool.hosts
      .filter((_, index) => at === undefined || at === index)
      .flatMap((host) => host.processes())
      .filter(({ command }) => /llama-server|ggml-rpc-server/.test(command) && !command.includes("guardian"))
  const members = () =>
    pool.hosts.flatMap((host) => host.processes()).filter(({ command }) => command.includes("member.mjs"))
  const ask = (change: object = {}) =>
    fetch(`${pool.url}/v1/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "tiny", prompt: "The quick brown fox", max_tokens: 24, temperature: 0, ...change }),
    })
  const answer = async () => {
    const response = await ask()
    const text = await response.text()
    assert.equal(response.status, 200, text)
    return (JSON.parse(text) as { choices: { text: string }[] }).choices[0]?.text
  }
  /** What was said of losses, in order. */
  const told = async () => {
    const { events } = await pool.api<{ events: { type: string; what?: string }[] }>("GET", "/v1/events")
    return events.flatMap(({ type, what = "" }) => (type === "model_changed" && /-> resting/.test(what) ? [what] : []))
  }
  const hostOf = async (rank: number) => {
    const name = (await model()).replicas[0]?.plan?.members[rank]?.hostName
    return pool.hosts.findIndex((host) => host.name === name)
  }
  /** The engine's process on the host of a rank. */
  const engineOf = async (rank: number, program: string) => {
    const found = engines(await hostOf(rank)).find(({ command }) => command.includes(program))
    assert.ok(found !== undefined, `${program} of rank ${rank}`)
    return found.pid
  }
  let whole: string | undefined

  before(async () => {
    pool = await startPool({ hosts: 2, server: { timing: TIMING, modelLimits: MODEL_LIMITS } })
    const rules = { keep_memory: `${Math.floor(totalmem() / 1024 ** 2) - LENT_MIB}M` }
    for (const host of pool.hosts) {
      if ("folder" in llama) putLlamaCpp(host.files, llama.folder)
      await pool.api("POST", `/v1/hosts/${host.name}/owner/rules`, { rules })
    }
    const project = join(pool.scratch.at("home"), "project")
    mkdirSync(project, { recursive: true })
    writeRandomGguf(join(project, "tiny.gguf"), { width: 512, contextTokens: CONTEXT_TOKENS })
    const line = ["model", "serve", "tiny", "tiny.gguf", "--context", String(CONTEXT_TOKENS), "--slots", "1"]
    const served = await pool.windfall([...line, "--trust-network"])
    assert.equal(served.exitCode, 0, served.stderr)
    key = (await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })).key
    whole = await answer()
  })
  after(() => pool[Symbol.asyncDispose]())

  it("lies on both, and answers", async () => {
    const { replicas } = await model()
    assert.equal(replicas[0]?.plan?.members.length, 2)
    assert.ok(engines(0).length > 0 && engines(1).length > 0)
    assert.ok((whole ?? "").length > 20)
  })

  it("a worker that is killed under a stream ends it with an error; who asks next is answered by a hive that is whole", async () => {
    const stream = await ask({ stream: true, max_tokens: 20_000, ignore_eos: true })
    const reader = stream.body!.getReader()
    await reader.read()
    signal(await engineOf(1, "ggml-rpc-server"), "SIGKILL")
    let text = ""
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += Buffer.from(part.value)
    assert.match(text, /"error":/)
    assert.doesNotMatch(text, /\[DONE\]/)
    assert.equal(await answer(), whole)
    assert.match((await told()).at(-1) ?? "", /its worker was ended by SIGKILL/)
    assert.match(
      (await pool.windfall(["model", "show", "tiny"])).stdout,
      /last lost +.*its worker was ended by SIGKILL/,
    )
  })

  it("a worker that is stopped, and a head that is, are noticed by their members", async () => {
    for (const [rank, program, words] of [
      [1, "ggml-rpc-server", /member 1 .*its worker was stopped by somebody/],
      [0, "llama-server", /member 0 .*its head was stopped by somebody/],
    ] as const) {
      const { job } = (await model()).replicas[0]!
      signal(await engineOf(rank, program), "SIGSTOP")
      assert.equal(await answer(), whole)
      assert.notEqual((await model()).replicas[0]?.job, job)
      assert.match((await told()).at(-1) ?? "", words)
    }
  })

  it("an owner who wants the host has it, and the other one is free, too; the model waits, says why, and comes back", async () => {
    const host = pool.hosts[await hostOf(1)]!
    await pool.api("POST", `/v1/hosts/${host.name}/owner/pause`, { for: "2h" })
    await eventually(async () => (await model()).state === "waiting", "waiting")
    await eventually(() => engines().length === 0, "no engine is left on either")
    assert.match((await model()).replicas[0]?.reason ?? "", /\S/)
    const asked = answer()
    await pool.api("POST", `/v1/hosts/${host.name}/owner/resume`, {})
    assert.equal(await asked, whole)
  })

  it("a server that is killed while a hive starts takes it up, once", async () => {
    const { job } = (await model()).replicas[0]!
    signal(await engineOf(0, "llama-server"), "SIGKILL")
    await eventually(async () => {
      const [replica] = (await model()).replicas
      return replica?.state === "starting" && replica.job !== job && replica.job !== null
    }, "another hive starts")
    await pool.server.kill9()
    await pool.server.start()
    assert.equal(await answer(), whole)
    assert.equal(members().length, 2)
  })

  it("leaves nothing", async () => {
    const stopped = await pool.windfall(["model", "stop", "tiny"])
    assert.equal(stopped.exitCode, 0, stopped.stderr)
    assert.deepEqual([...engines(), ...members()], [])
  })
})
