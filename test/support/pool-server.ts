import { once } from "node:events"
import { join } from "node:path"
import type { LinkTiming } from "../../src/server/hosts/host-link.ts"
import type { ServerLimits } from "../../src/server/limits.ts"
import type { ModelLimits } from "../../src/server/models/model-limits.ts"
import { Child } from "./child.ts"
import type { ScratchFolder } from "./scratch-folder.ts"
import type { ServerMainSettings } from "./server-main.ts"

/** What a pool's server does otherwise than by default. With any of it test/support/server-main.ts runs. */
export interface PoolServerSettings {
  readonly timing?: Partial<LinkTiming>
  readonly limits?: Partial<ServerLimits>
  readonly modelLimits?: Partial<ModelLimits>
  readonly agentBundle?: string
  /** Whether Macs are simulated ones, whose agents take their way for macOS on this machine's Node. */
  readonly labMacs?: boolean
  /** The index that hosts get an engine's packages from. */
  readonly packageIndex?: string
  /** A mount namespace to run it in: how to get there, and where its data lies, as seen from there and from here. */
  readonly within?: { readonly entry: readonly string[]; readonly dataThere: string; readonly dataHere: string }
  /** Set by the pool: where clocks are moved. */
  readonly clocks?: NonNullable<ServerMainSettings["clocks"]>
}

const ROOT = join(import.meta.dirname, "../..")
/** A test process that is killed takes its servers with it. (macOS has nothing like it.) */
const DIES_WITH_US = process.platform === "linux" ? ["setpriv", "--pdeathsig", "KILL", "--"] : []

/** The server as a real process on a folder of its own. Keeps its port from one start to the next. */
export class PoolServer implements AsyncDisposable {
  readonly #scratch: ScratchFolder
  readonly #moreArgs: readonly string[]
  settings: PoolServerSettings | null
  #child: Child | undefined
  #port = 0
  url = ""
  token = ""
  id = ""

  constructor(scratch: ScratchFolder, settings: PoolServerSettings | null, moreArgs: readonly string[]) {
    this.#scratch = scratch
    this.settings = settings
    this.#moreArgs = moreArgs
  }

  /** The server's data folder. */
  get data(): string {
    return this.settings?.within?.dataHere ?? this.#scratch.at("data")
  }

  get pid(): number {
    if (this.#child === undefined) throw new Error("the server is not running")
    return this.#child.pid
  }

  /** What it said on standard error since its start. */
  get stderr(): string {
    return this.#child?.stderr ?? ""
  }

  /** @throws with what it said when it does not come up */
  async start(): Promise<void> {
    const child = this.spawn(this.data, this.#port)
    const ended = child.ended.then(({ exitCode, stderr }) => {
      throw new Error(`The server ended with ${exitCode}: ${stderr}`)
    })
    ended.catch(() => {})
    await Promise.race([child.says("\n"), ended])
    const ready = JSON.parse(child.stdout) as { url: string; server: string; firstToken: { token: string } | null }
    this.#child = child
    this.#port = Number(new URL(ready.url).port)
    this.url = ready.url
    this.id = ready.server
    this.token = ready.firstToken?.token ?? this.token
  }

  /** A server process on a data folder, as {@link start} starts it. The caller disposes of it. */
  spawn(data: string, port: number): Child {
    const keyFile = this.#scratch.at("server.key")
    const cache = this.#scratch.at("cache")
    const flags = ["--disable-warning=ExperimentalWarning", "--expose-gc"]
    const env = { NODE_COMPILE_CACHE: join(ROOT, ".cache/compile") }
    const serve = ([program = "", ...args]: readonly string[]) => new Child(program, args, { env })
    if (this.settings !== null) {
      const { within, ...changes } = this.settings
      const settings: ServerMainSettings = { data: within?.dataThere ?? data, keyFile, cache, port, ...changes }
      const main = join(import.meta.dirname, "server-main.ts")
      return serve([
        ...(within?.entry ?? []),
        ...DIES_WITH_US,
        process.execPath,
        ...flags,
        main,
        JSON.stringify(settings),
      ])
    }
    const args = ["--data", data, "--port", `${port}`, "--key-file", keyFile, "--cache", cache, ...this.#moreArgs]
    return serve([...DIES_WITH_US, process.execPath, ...flags, join(ROOT, "src/server/main.ts"), ...args])
  }

  /** Ends it as a crash does: its ssh children notice by themselves. */
  async kill9(): Promise<void> {
    this.#child?.kill("SIGKILL")
    await this.#child?.ended
    this.#child = undefined
  }

  /** Ends it kindly. */
  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM")
    await this.#child?.ended
    this.#child = undefined
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** To be called when it does not answer. @throws when it has ended, or does so within a second, without being told to, with what it said */
  async assertRuns(): Promise<void> {
    const child = this.#child?.process
    if (child === undefined) return
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null
    // Of a process that is killed the ports go first.
    if (!hasEnded()) await once(child, "exit", { signal: AbortSignal.timeout(1_000) }).catch(() => {})
    if (!hasEnded() || this.#child?.process !== child) return
    throw new Error(`the server ended by itself (${child.signalCode ?? child.exitCode}): ${this.stderr}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
