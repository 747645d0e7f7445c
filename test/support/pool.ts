import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { JoinStep } from "../../src/protocol/api.ts"
import { WindfallError } from "../../src/protocol/errors.ts"
import type { WindfallEvent } from "../../src/protocol/events.ts"
import type { HostView } from "../../src/protocol/host.ts"
import type { JobId, ServerId } from "../../src/protocol/ids.ts"
import type { JobSpec, JobView } from "../../src/protocol/job.ts"
import { isFinal } from "../../src/protocol/job-state.ts"
import { keyLine } from "../../src/protocol/key-line.ts"
import { openServerKey } from "../../src/ssh/server-key.ts"
import { type Lab, type LabHost, startLab } from "../lab/lab.ts"
import { Child, type ChildOptions, type Ended } from "./child.ts"
import type { PoolOptions } from "./pool-options.ts"
import { PoolServer } from "./pool-server.ts"
import { ScratchFolder } from "./scratch-folder.ts"
import { readServerEvents } from "./server-events.ts"
import { taskSpec } from "./test-server.ts"

const CLI_MAIN = join(import.meta.dirname, "../../src/cli/main.ts")
const COMPILE_CACHE = join(import.meta.dirname, "../../.cache/compile")
const CLOCK_FILE = ".lab-clock"

/** Starts a server, hosts and joins them. @throws when any of it does not come up; nothing is left then */
export async function startPool(options: PoolOptions): Promise<Pool> {
  const pool = new Pool(options)
  try {
    await pool.open()
    return pool
  } catch (error) {
    await pool[Symbol.asyncDispose]()
    throw error
  }
}

/** A server, hosts and a command line as a user has them. Nothing of it survives its disposal. */
export class Pool implements AsyncDisposable {
  readonly scratch = new ScratchFolder()
  readonly server: PoolServer
  readonly #options: PoolOptions
  readonly #children = new Set<Child>()
  #lab: Lab | undefined

  constructor(options: PoolOptions) {
    this.#options = options
    this.server = new PoolServer(this.scratch, options.server ?? null, options.serverArgs ?? [])
  }

  get url(): string {
    return this.server.url
  }

  /** The administrator's. */
  get token(): string {
    return this.server.token
  }

  /** The server's data folder. */
  get data(): string {
    return this.server.data
  }

  get lab(): Lab {
    if (this.#lab === undefined) throw new Error("this pool has no lab")
    return this.#lab
  }

  get hosts(): readonly LabHost[] {
    return this.#lab?.hosts ?? []
  }

  /** Called once, by {@link startPool}. */
  async open(): Promise<void> {
    const { clocks = false, lockedOut = false, joinNone = lockedOut, local = 0 } = this.#options
    const keys = join(this.data, "ssh")
    for (const folder of [this.data, keys]) mkdirSync(folder, { mode: 0o700 })
    const { publicLine } = await openServerKey(keys, "windfall-test")
    // The server's id comes with its first start, and is only a comment here.
    const lab = this.#startLab(keyLine(publicLine, "s" as ServerId))
    if (clocks) {
      await lab
      this.server.settings = { ...this.#options.server, clocks: this.#makeClocks() }
    }
    for (const started of await Promise.allSettled([lab, this.server.start()])) {
      if (started.status === "rejected") throw started.reason
    }
    if (!joinNone) await Promise.all(this.hosts.map((host) => this.join(host)))
    for (let i = 1; i <= local; i++) {
      await this.addHost({ address: `local:${this.scratch.at(`local${i}`)}`, name: `local${i}` })
    }
  }

  /** Joins a lab host by the API, its key confirmed. */
  join(host: LabHost, change: { readonly takeOver?: boolean; readonly name?: string } = {}): Promise<HostView> {
    const { address, port, hostKey, name } = host
    return this.addHost({ address: `${host.user}@${address}`, port, hostKey, name, ...change })
  }

  /** @throws {WindfallError} what the last step says */
  async addHost(request: {
    readonly address: string
    readonly name: string
    readonly port?: number
    readonly hostKey?: string
    readonly takeOver?: boolean
  }): Promise<HostView> {
    const body = { port: null, owner: null, fleet: null, labels: {}, hostKey: "", takeOver: false, ...request }
    const response = await this.request("POST", "/v1/hosts", body)
    const lines = (await response.text()).trim().split("\n")
    if (!response.ok) throw WindfallError.fromBody(JSON.parse(lines[0] ?? "null"))
    const last = JSON.parse(lines.at(-1) ?? "null") as JoinStep
    if (last.step === "failed") throw WindfallError.fromBody({ error: last.error })
    if (last.step !== "done") throw new Error(`The join broke off: ${lines.at(-1)}`)
    await this.untilHost(last.host.name, ({ link }) => link === "ready")
    return last.host
  }

  /** Runs the command line to its end. */
  windfall(args: readonly string[], options: ChildOptions & { readonly token?: string } = {}): Promise<Ended> {
    return this.start(args, options).ended
  }

  /** Starts the command line, with settings and caches of its own. It is killed with the pool at the latest. */
  start(args: readonly string[], options: ChildOptions & { readonly token?: string } = {}): Child {
    const { token = this.token, env, ...rest } = options
    const home = this.scratch.at("home")
    const project = join(home, "project")
    mkdirSync(project, { recursive: true })
    const child = new Child(process.execPath, ["--disable-warning=ExperimentalWarning", CLI_MAIN, ...args], {
      cwd: project,
      ...rest,
      env: {
        HOME: home,
        XDG_CONFIG_HOME: undefined,
        XDG_STATE_HOME: undefined,
        XDG_CACHE_HOME: undefined,
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        WINDFALL_URL: this.url,
        WINDFALL_TOKEN: token,
        ...env,
      },
    })
    this.#children.add(child)
    return child
  }

  async request(method: string, path: string, body?: unknown, options: ApiOptions = {}): Promise<Response> {
    const { token = this.token, key, signal } = options
    const headers: Record<string, string> = { authorization: `Bearer ${token}` }
    if (body !== undefined) headers["content-type"] = "application/json"
    if (key !== undefined) headers["idempotency-key"] = key
    try {
      return await fetch(this.url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (error) {
      await this.server.assertRuns()
      throw error
    }
  }

  /** The answer as JSON. @throws {WindfallError} as the server said */
  async api<T>(method: string, path: string, body?: unknown, options: ApiOptions = {}): Promise<T> {
    const response = await this.request(method, path, body, options)
    const answer: unknown = await response.json()
    if (!response.ok) throw WindfallError.fromBody(answer)
    return answer as T
  }

  submit(change: Partial<JobSpec> = {}, options: ApiOptions = {}): Promise<JobView> {
    return this.api("POST", "/v1/jobs", { spec: taskSpec(change) }, options)
  }

  job(id: JobId | number): Promise<JobView> {
    return this.api("GET", `/v1/jobs/${id}`)
  }

  /** One stream of a job's last attempt, or of the one asked for, as recorded now. */
  async log(id: JobId | number, stream: "stdout" | "stderr" = "stdout", attempt?: number): Promise<Buffer> {
    const which = attempt === undefined ? "" : `&attempt=${attempt}`
    const response = await this.request("GET", `/v1/jobs/${id}/logs?stream=${stream}${which}`)
    if (!response.ok) throw WindfallError.fromBody(await response.json())
    return Buffer.from(await response.arrayBuffer())
  }

  /** What happened, oldest first: of one job, or the latest of everything. */
  async events(job?: JobId | number): Promise<readonly WindfallEvent[]> {
    const which = job === undefined ? "" : `?job=${job}`
    return (await this.api<{ events: WindfallEvent[] }>("GET", `/v1/events${which}`)).events
  }

  /** Resolves with the job once the condition holds; goes on over restarts of the server. @throws after `limitMs` */
  async untilJob(id: JobId | number, holds: (job: JobView) => boolean, limitMs = 60_000): Promise<JobView> {
    const signal = AbortSignal.timeout(limitMs)
    let last: JobView | undefined
    while (!signal.aborted) {
      try {
        const response = await this.request("GET", `/v1/jobs/${id}/events`, undefined, { signal })
        for await (const data of readServerEvents(response)) {
          last = data as JobView
          if (holds(last)) return last
        }
        last = await this.job(id)
        if (holds(last)) return last
      } catch (error) {
        if (error instanceof WindfallError) throw error
      }
      await pause(100)
    }
    throw new Error(`Job ${id} did not come that far: ${JSON.stringify(last)}`)
  }

  /** Resolves once the job has ended and its outputs are settled. */
  awaitJob(id: JobId | number, limitMs?: number): Promise<JobView> {
    return this.untilJob(id, ({ state, outputs }) => isFinal(state) && outputs?.state !== "collecting", limitMs)
  }

  untilState(id: JobId | number, state: JobView["state"], limitMs?: number): Promise<JobView> {
    return this.untilJob(id, (job) => job.state === state, limitMs)
  }

  host(name: string): Promise<HostView> {
    return this.api("GET", `/v1/hosts/${name}`)
  }

  async untilHost(name: string, holds: (host: HostView) => boolean, limitMs = 60_000): Promise<HostView> {
    const endAt = performance.now() + limitMs
    let last: HostView | undefined
    while (performance.now() < endAt) {
      try {
        last = await this.host(name)
        if (holds(last)) return last
      } catch (error) {
        if (error instanceof WindfallError) throw error
      }
      await pause(50)
    }
    throw new Error(`Host ${name} did not come that far: ${JSON.stringify(last)}`)
  }

  /** A user of the pool; returns the token. */
  async addUser(name: string, role: "user" | "admin" = "user"): Promise<string> {
    await this.api("POST", "/v1/users", { name, role })
    return (await this.api<{ token: string }>("POST", "/v1/tokens", { user: name, expiresInMs: null })).token
  }

  /** Moves the wall clock of a host or of the server, and says how long the host is to have slept. */
  moveClock(of: LabHost | "server", wallMs: number, sleptMs = 0): void {
    const file = of === "server" ? this.scratch.at(CLOCK_FILE) : join(of.files, CLOCK_FILE)
    writeFileSync(file, `${wallMs} ${sleptMs}\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map((child) => child[Symbol.asyncDispose]()))
    // Before the lab: a server that ends kindly lets its agents leave.
    await this.server[Symbol.asyncDispose]()
    await this.#lab?.[Symbol.asyncDispose]()
    this.scratch[Symbol.dispose]()
  }

  async #startLab(publicLine: string): Promise<void> {
    const { hosts = 0, mode, authorizedKeys = [], lockedOut = false, signal } = this.#options
    if (hosts === 0) return
    this.#lab = await startLab({
      hosts,
      authorizedKeys: lockedOut ? authorizedKeys : [publicLine, ...authorizedKeys],
      ...(mode === undefined ? {} : { mode }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  #makeClocks() {
    const hosts = this.hosts.map((host) => [`${host.user}@${host.address}:${host.port}`, join(host.home, CLOCK_FILE)])
    return { server: this.scratch.at(CLOCK_FILE), hosts: Object.fromEntries(hosts) as Record<string, string> }
  }
}

export interface ApiOptions {
  readonly token?: string
  /** The idempotency key. */
  readonly key?: string
  readonly signal?: AbortSignal
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
