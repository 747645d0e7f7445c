import { join } from "node:path"
import type { Clock } from "../../src/base/clock.ts"
import { WindfallError } from "../../src/protocol/errors.ts"
import type { JobId } from "../../src/protocol/ids.ts"
import { DEFAULT_SPEC, type JobSpec, type JobView } from "../../src/protocol/job.ts"
import { isFinal, type JobState } from "../../src/protocol/job-state.ts"
import type { GatewayLimits } from "../../src/server/gateway/gateway-limits.ts"
import type { ServerLimits } from "../../src/server/limits.ts"
import type { ModelLimits } from "../../src/server/models/model-limits.ts"
import type { HubSettings } from "../../src/server/pulls/hub-settings.ts"
import { type RunningServer, startServer } from "../../src/server/start-server.ts"
import { checkAnswer } from "./check-answer.ts"
import { Child, type Ended } from "./child.ts"
import { ScratchFolder } from "./scratch-folder.ts"
import { SimulatedHosts } from "./simulated-hosts.ts"

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts")

/** A job that says nothing but what to run. */
export function taskSpec(change: Partial<JobSpec> = {}): JobSpec {
  return { ...DEFAULT_SPEC, command: ["true"], ...change }
}

export interface TestServerOptions {
  readonly clock?: Clock
  readonly limits?: Partial<ServerLimits>
  readonly gatewayLimits?: Partial<GatewayLimits>
  readonly hub?: HubSettings
  readonly modelLimits?: Partial<ModelLimits>
}

/** A real server in a temporary folder, with simulated hosts. It can be stopped and started again on the same data. */
export class TestServer implements AsyncDisposable {
  readonly folder: ScratchFolder
  readonly hosts: SimulatedHosts
  readonly troubles: string[] = []
  readonly #options: TestServerOptions
  #running: RunningServer | undefined
  adminToken = ""

  constructor(options: TestServerOptions = {}) {
    this.#options = options
    this.folder = new ScratchFolder()
    this.hosts = new SimulatedHosts(this.folder.at("hosts"))
  }

  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const server = new TestServer(options)
    await server.start()
    return server
  }

  get running(): RunningServer {
    if (this.#running === undefined) throw new TypeError("the server is not running")
    return this.#running
  }

  async start(): Promise<void> {
    this.#running = await startServer({
      dataFolder: this.folder.at("data"),
      keyFile: this.folder.at("key"),
      cacheFolder: this.folder.at("cache"),
      port: 0,
      openHosts: this.hosts.open,
      log: (line) => this.troubles.push(line),
      ...this.#options,
    })
    this.adminToken = this.#running.firstToken?.token ?? this.adminToken
  }

  async stop(): Promise<void> {
    await this.#running?.stop()
    this.#running = undefined
  }

  async request(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<Response> {
    const { token = this.adminToken, key, signal } = options
    return fetch(this.running.url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined || body instanceof Uint8Array ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    } as RequestInit)
  }

  /** The answer as JSON, which must be as the OpenAPI document says. @throws {WindfallError} as the server said */
  async call<T>(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
    const response = await this.request(method, path, body, options)
    const answer: unknown = await response.json()
    if (!response.ok) throw WindfallError.fromBody(answer)
    checkAnswer(method, path, answer)
    return answer as T
  }

  /** Adds a user and returns a token of theirs. */
  async userToken(name: string): Promise<string> {
    await this.call("POST", "/v1/users", { name, role: "user" })
    return (await this.call<{ token: string }>("POST", "/v1/tokens", { user: name, expiresInMs: null })).token
  }

  /** The command line as a process of its own, in this server's folder, as its administrator. */
  async windfall(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const { path } = this.folder
    await using child = new Child(process.execPath, [MAIN, ...words], {
      cwd: path,
      env: { HOME: path, WINDFALL_URL: this.running.url, WINDFALL_TOKEN: this.adminToken, ...env },
    })
    return await child.ended
  }

  submit(change: Partial<JobSpec> = {}, options: RequestOptions = {}): Promise<JobView> {
    return this.call("POST", "/v1/jobs", { spec: taskSpec(change) }, options)
  }

  job(id: JobId, options: RequestOptions = {}): Promise<JobView> {
    return this.call("GET", `/v1/jobs/${id}`, undefined, options)
  }

  /** Resolves with the job as soon as the condition holds. */
  async until(id: JobId, condition: (job: JobView) => boolean): Promise<JobView> {
    const gone = new AbortController()
    try {
      const response = await this.request("GET", `/v1/jobs/${id}/events`, undefined, { signal: gone.signal })
      let text = ""
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1]
          text = text.slice(end + 2)
          const job = data === undefined ? undefined : (JSON.parse(data) as JobView)
          if (job !== undefined && condition(job)) return job
        }
      }
    } finally {
      gone.abort()
    }
    return this.job(id)
  }

  untilState(id: JobId, ...states: JobState[]): Promise<JobView> {
    return this.until(id, ({ state }) => states.includes(state))
  }

  untilEnded(id: JobId): Promise<JobView> {
    return this.until(id, ({ state }) => isFinal(state))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    this.folder[Symbol.dispose]()
  }
}

export interface RequestOptions {
  readonly token?: string
  readonly key?: string
  readonly signal?: AbortSignal
  readonly headers?: Readonly<Record<string, string>>
}
