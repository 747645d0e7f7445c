/** A model in two replicas of the real llama.cpp, and a request with which engine after engine ends: it costs each of two once, is refused then, and nobody else loses anything by it. */
import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import type { JobId } from "../../src/protocol/ids.ts"
import type { KeyView } from "../../src/protocol/key-api.ts"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { eventually } from "../support/agent-home.ts"
import { signal } from "../support/hive-scene.ts"
import { findLlamaCpp, putLlamaCpp } from "../support/llama-cpp.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { writeRandomGguf } from "../support/random-gguf.ts"

const llama = await findLlamaCpp()
const skip = "lacking" in llama && llama.lacking
const CONTEXT_TOKENS = 32_768

describe("a request with which engines of llama.cpp end", { skip, timeout: 300_000 }, () => {
  let pool: Pool
  let key = ""
  before(async () => {
    pool = await startPool({ hosts: 2, server: { modelLimits: { restMs: 50, planAgainMs: 500 } } })
    for (const host of pool.hosts) if ("folder" in llama) putLlamaCpp(host.files, llama.folder)
    const project = join(pool.scratch.at("home"), "project")
    mkdirSync(project, { recursive: true })
    writeRandomGguf(join(project, "tiny.gguf"), { width: 512, contextTokens: CONTEXT_TOKENS })
    const line = ["model", "serve", "tiny", "tiny.gguf", "--context", String(CONTEXT_TOKENS), "--slots", "2"]
    const served = await pool.windfall([...line, "--replicas", "2"])
    assert.equal(served.exitCode, 0, served.stderr)
    key = (await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })).key
  })
  after(() => pool[Symbol.asyncDispose]())

  const model = () => pool.api<ModelView>("GET", "/v1/hives/tiny")
  const ask = (change: object) =>
    fetch(`${pool.url}/v1/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "tiny", temperature: 0, ...change }),
    })
  /** So long that it is there until its engine ends. */
  const deadly = () => ask({ prompt: "The deadly one", max_tokens: CONTEXT_TOKENS - 100, ignore_eos: true })
  /** Ends the one engine that is at something, once that is so. @returns its job */
  const end = async (name: "SIGSEGV" | "SIGKILL", unlike?: JobId): Promise<JobId> => {
    let job: JobId | undefined
    await eventually(async () => {
      const busy = (await model()).replicas.find(
        (one) => one.state === "ready" && one.inFlight > 0 && one.job !== unlike,
      )
      const host = pool.hosts.find((one) => one.name === busy?.plan?.members[0]?.hostName)
      const engine = host
        ?.processes()
        .find(({ command }) => /llama-server/.test(command) && !command.includes("guardian"))
      if (busy?.job == null || engine === undefined) return false
      job = busy.job
      signal(engine.pid, name)
      return true
    }, "an engine is at it")
    assert.ok(job !== undefined)
    return job
  }

  it("is asked of two, refused then, and the model stays", async () => {
    const asked = deadly()
    const first = await end("SIGSEGV")
    await end("SIGSEGV", first)
    const lost = await asked
    const { error } = (await lost.json()) as { error: { message: string } }
    assert.deepEqual([lost.status, lost.headers.get("x-should-retry")], [502, "false"], error.message)
    assert.match(error.message, /ended by SIGSEGV\. It is not tried again, as an engine ended a second time/)
    const refused = await deadly()
    assert.equal(refused.status, 422, await refused.text())
    const other = await ask({ prompt: "Another one", max_tokens: 8 })
    assert.equal(other.status, 200, await other.text())
    await eventually(async () => (await model()).state === "ready", "both are ready again")
    for (const { losses, lastLoss } of (await model()).replicas) {
      assert.equal(losses, 1)
      assert.match(lastLoss?.reason ?? "", /its head was ended by SIGSEGV/)
    }
  })

  it("one that an engine was killed under from outside is answered by another", async () => {
    const asked = ask({ prompt: "A lucky one", max_tokens: 400, ignore_eos: true })
    await end("SIGKILL")
    const answer = await asked
    assert.equal(answer.status, 200, await answer.text())
  })
})
