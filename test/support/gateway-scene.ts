import type { MadeKey, NewKey } from "../../src/protocol/key-api.ts"
import type { GatewayLimits } from "../../src/server/gateway/gateway-limits.ts"
import type { Replica, ServedModel } from "../../src/server/gateway/served-models.ts"
import { type EngineScript, ScriptedEngine } from "./scripted-engine.ts"
import { TestServer } from "./test-server.ts"

/** A real server whose gateway serves the model `tiny` from a scripted engine, and a key for it. */
export class GatewayScene implements AsyncDisposable {
  readonly server: TestServer
  readonly engine: ScriptedEngine
  /** What was reported of replicas. */
  readonly failures: string[] = []
  wakes = 0
  key = ""

  private constructor(server: TestServer, engine: ScriptedEngine) {
    this.server = server
    this.engine = engine
  }

  static async start(
    options: { readonly script?: EngineScript; readonly limits?: Partial<GatewayLimits> } = {},
  ): Promise<GatewayScene> {
    const engine = await ScriptedEngine.start(options.script)
    const server = await TestServer.start({ gatewayLimits: options.limits ?? {} })
    const scene = new GatewayScene(server, engine)
    scene.serve([engine.replica()])
    scene.key = (await scene.makeKey()).key
    return scene
  }

  get url(): string {
    return this.server.running.url
  }

  serve(replicas: readonly Replica[], change: Partial<ServedModel> = {}): void {
    this.server.running.models.set({
      name: "tiny",
      createdS: 1_790_000_000,
      takesImages: true,
      takesTokens: true,
      requests: { engineName: "llama.cpp", lacks: new Set(), leastNumbers: {}, seeds: 2 ** 32 - 1, defaults: {} },
      purpose: "text",
      contextTokens: 2_048,
      longestTokenBytes: 128,
      replicas,
      problem: null,
      wake: () => this.wakes++,
      failed: (replica, reason) => this.failures.push(`${replica.id}: ${reason}`),
      ...change,
    })
  }

  makeKey(change: Partial<NewKey> = {}, token?: string): Promise<MadeKey> {
    return this.server.call("POST", "/v1/keys", { name: "app", ...change }, token === undefined ? {} : { token })
  }

  post(path: string, body: unknown, init: RequestInit & { readonly key?: string } = {}): Promise<Response> {
    const { key = this.key, ...rest } = init
    return fetch(this.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...rest,
    })
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, { headers: { authorization: `Bearer ${this.key}`, ...headers } })
  }

  chat(change: object = {}, init: RequestInit & { readonly key?: string } = {}): Promise<Response> {
    const body = { model: "tiny", messages: [{ role: "user", content: "Hi" }], ...change }
    return this.post("/v1/chat/completions", body, init)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]()
    await this.server[Symbol.asyncDispose]()
  }
}
