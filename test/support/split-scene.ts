import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { totalmem } from "node:os"
import { join } from "node:path"
import type { KeyView } from "../../src/protocol/key-api.ts"
import type { ModelView } from "../../src/protocol/model-api.ts"
import type { ModelLimits } from "../../src/server/models/model-limits.ts"
import type { LabHost } from "../lab/lab-host.ts"
import type { LabProcess } from "../lab/processes.ts"
import { eventually } from "./agent-home.ts"
import { type Found, putLlamaCpp } from "./llama-cpp.ts"
import { type Pool, startPool } from "./pool.ts"
import { writeRandomGguf } from "./random-gguf.ts"

const TIMING = { pingMs: 500, silenceMs: 1_000, firstRetryMs: 100, lastRetryMs: 500 }
const MODEL_LIMITS = { restMs: 50, planAgainMs: 500, probeAgainMs: 100 }
/** So little is lent that the cache of so much context needs two hosts. */
const LENT_MIB = 1_330
const CONTEXT_TOKENS = 98_304

/** The model `tiny`, served by the real llama.cpp and split over two hosts of a pool. */
export class SplitScene implements AsyncDisposable {
  readonly pool: Pool
  #key = ""

  private constructor(pool: Pool) {
    this.pool = pool
  }

  /** @param words further ones of `model serve` */
  static async start(llama: Found, limits: Partial<ModelLimits> = {}, hosts = 2): Promise<SplitScene> {
    const pool = await startPool({ hosts, server: { timing: TIMING, modelLimits: { ...MODEL_LIMITS, ...limits } } })
    const scene = new SplitScene(pool)
    try {
      const rules = { keep_memory: `${Math.floor(totalmem() / 1024 ** 2) - LENT_MIB}M` }
      for (const host of pool.hosts) {
        if ("folder" in llama) putLlamaCpp(host.files, llama.folder)
        await pool.api("POST", `/v1/hosts/${host.name}/owner/rules`, { rules })
      }
      const project = join(pool.scratch.at("home"), "project")
      mkdirSync(project, { recursive: true })
      writeRandomGguf(join(project, "tiny.gguf"), { width: 512, contextTokens: CONTEXT_TOKENS })
      scene.#key = (await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })).key
      return scene
    } catch (error) {
      await pool[Symbol.asyncDispose]()
      throw error
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.pool[Symbol.asyncDispose]()
  }

  /** `model serve`, until it answers. @returns what it printed */
  async serve(...words: readonly string[]): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
    const line = ["model", "serve", "tiny", "tiny.gguf", "--context", String(CONTEXT_TOKENS), "--slots", "1"]
    return this.pool.windfall([...line, "--trust-network", ...words])
  }

  model(): Promise<ModelView> {
    return this.pool.api<ModelView>("GET", "/v1/hives/tiny")
  }

  async untilModel(holds: (model: ModelView) => boolean, what: string): Promise<ModelView> {
    await eventually(async () => holds(await this.model()), what)
    return this.model()
  }

  async show(): Promise<string> {
    return (await this.pool.windfall(["model", "show", "tiny"])).stdout
  }

  ask(change: object = {}): Promise<Response> {
    return fetch(`${this.pool.url}/v1/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "tiny", prompt: "The quick brown fox", max_tokens: 24, temperature: 0, ...change }),
    })
  }

  async answer(): Promise<string | undefined> {
    const response = await this.ask()
    const text = await response.text()
    assert.equal(response.status, 200, text)
    return (JSON.parse(text) as { choices: { text: string }[] }).choices[0]?.text
  }

  /** What was said of the model, oldest first. */
  async told(): Promise<string[]> {
    const { events } = await this.pool.api<{ events: { type: string; what?: string }[] }>("GET", "/v1/events")
    return events.flatMap(({ type, what = "" }) => (type === "model_changed" ? [what] : []))
  }

  /** The host of a rank. */
  async hostOf(rank: number): Promise<LabHost> {
    const name = (await this.model()).replicas[0]?.plan?.members[rank]?.hostName
    const host = this.pool.hosts.find((one) => one.name === name)
    assert.ok(host !== undefined, `a host of rank ${rank}`)
    return host
  }

  /** Processes of members and engines, on all hosts. */
  processes(): LabProcess[] {
    return this.pool.hosts.flatMap((host) => host.processes()).filter(({ command }) => IS_HIVES.test(command))
  }
}

/** Members, engines, and the shells that guard these. */
const IS_HIVES = /member\.mjs|llama-server|ggml-rpc-server|windfall-guardian/
