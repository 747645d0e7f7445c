import { once } from "node:events"
import { connect } from "node:net"
import type { HiveNews, LossCode } from "../../src/hive/order/hive-news.ts"
import type { HiveOrder } from "../../src/hive/order/hive-order.ts"
import { readHiveOrder } from "../../src/hive/order/read-hive-order.ts"
import type { HostFacts } from "../../src/protocol/host.ts"
import type { KeyView } from "../../src/protocol/key-api.ts"
import type { ModelView, ServeRequest } from "../../src/protocol/model-api.ts"
import { decodeTree } from "../../src/workspace/tree.ts"
import { type ModelHeader, smallModel, wholeFile } from "./hive-models.ts"
import { ScriptedEngine } from "./scripted-engine.ts"
import type { SimulatedAttempt, SimulatedHost } from "./simulated-host.ts"
import { packed, treeOf } from "./small-trees.ts"
import { TestServer, type TestServerOptions } from "./test-server.ts"

/** A hive that a simulated host has begun. */
export interface BegunHive {
  readonly host: SimulatedHost
  readonly attempt: SimulatedAttempt
  readonly order: HiveOrder
}

/** Quick enough for tests, where hives do as they are told. */
const LIMITS = { restMs: 20, longestRestMs: 40, drainMs: 5_000, planAgainMs: 50, probeMs: 5_000, probeAgainMs: 20 }

/** A real server with simulated hosts on which hives are played: their engine is a scripted one, reached through tunnels. */
export class ModelScene implements AsyncDisposable {
  readonly server: TestServer
  readonly engine: ScriptedEngine
  /** All that were begun, in order; the main members of those on several hosts. */
  readonly hives: BegunHive[] = []
  /** What a hive does once it has begun. */
  play: (hive: BegunHive) => void = (hive) => this.say(hive, ready())
  tunnels = 0
  #key = ""

  private constructor(server: TestServer, engine: ScriptedEngine) {
    this.server = server
    this.engine = engine
  }

  static async start(options: TestServerOptions = {}): Promise<ModelScene> {
    const engine = await ScriptedEngine.start()
    return new ModelScene(await TestServer.start({ modelLimits: LIMITS, ...options }), engine)
  }

  /** A host that plays hives. */
  async join(name: string, facts: Partial<HostFacts> = {}): Promise<SimulatedHost> {
    const host = await this.server.hosts.join(name, facts)
    const begin = (attempt: SimulatedAttempt) => {
      if (attempt.order.kind !== "task" || attempt.order.command[0] !== "/bin/sh") return
      if (attempt.phase === "preparing") host.begin(attempt)
      if ((attempt.order.member?.rank ?? 0) > 0) return
      const hive = { host, attempt, order: orderOf(host, attempt) }
      this.hives.push(hive)
      this.play(hive)
    }
    host.script = (_, attempt) => {
      if (attempt.order.member === undefined) begin(attempt)
      else this.toGate(host, attempt)
    }
    host.onGo = (_, attempt) => begin(attempt)
    host.openTunnel = async () => {
      this.tunnels++
      const { port } = new URL(this.engine.url)
      const socket = connect(Number(port), "127.0.0.1")
      await once(socket, "connect")
      return { stream: Object.assign(socket, { rstCode: 0 }), headers: {} }
    }
    return host
  }

  toGate(host: SimulatedHost, attempt: SimulatedAttempt): void {
    host.begin(attempt)
    attempt.isAtGate = true
    const { attempt: id, sequence } = attempt.order
    host.tell({
      type: "at-gate",
      attempt: id,
      sequence,
      addresses: host.addresses,
      ports: [4_000 + sequence, 5_000 + sequence],
    })
  }

  /** Its main member prints it. */
  say({ host, attempt }: BegunHive, news: HiveNews): void {
    host.print(attempt, "stdout", `${JSON.stringify(news)}\n`)
  }

  /** Its engine was lost: it says so and ends, as a member does. */
  lose(hive: BegunHive, code: LossCode, reason: string, member = 0): void {
    this.say(hive, { hive: "lost", rank: 0, member, code, reason })
    hive.host.finish(hive.attempt, { exitCode: 75 })
  }

  /** Stores a model as data. */
  async store(
    name: string,
    model: ModelHeader = smallModel(),
    token?: string,
    beside: Readonly<Record<string, Uint8Array>> = {},
  ): Promise<void> {
    const tree = treeOf({ [`${name}.gguf`]: wholeFile(model), ...beside })
    const options = token === undefined ? {} : { token }
    await this.server.call("POST", "/v1/blobs", await packed(tree), options)
    await this.server.call("PUT", `/v1/data/${name}/version`, { root: tree.root }, options)
  }

  serve(name: string, asked: Partial<ServeRequest> = {}, token?: string): Promise<ModelView> {
    const body = { data: name, file: `out/${name}.gguf`, ...asked }
    return this.server.call("POST", `/v1/hives/${name}/serve`, body, token === undefined ? {} : { token })
  }

  model(name: string): Promise<ModelView> {
    return this.server.call("GET", `/v1/hives/${name}`)
  }

  /** Resolves with the model once the condition holds: looked at after each commit, and now. */
  async until(name: string, holds: (model: ModelView) => boolean): Promise<ModelView> {
    const { core } = this.server.running
    for (;;) {
      const next = Promise.withResolvers<void>()
      const unlisten = core.ledger.onCommit(() => next.resolve())
      const timer = setTimeout(next.resolve, 20)
      try {
        const model = await this.model(name)
        if (holds(model)) return model
        await next.promise
      } finally {
        unlisten()
        clearTimeout(timer)
      }
    }
  }

  untilState(name: string, ...states: ModelView["state"][]): Promise<ModelView> {
    return this.until(name, ({ state }) => states.includes(state))
  }

  /** Asks the gateway. */
  async chat(model: string, change: object = {}): Promise<Response> {
    if (this.#key === "") {
      this.#key = (await this.server.call<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })).key
    }
    return fetch(`${this.server.running.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#key}`, "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hi" }], ...change }),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
    await this.engine[Symbol.asyncDispose]()
  }
}

/** What a main member says once a token came. */
export function ready(port = 4_321): HiveNews {
  return { hive: "ready", rank: 0, address: "127.0.0.1", port, version: "played 1", placed: [], loadMs: 5 }
}

/** What it was sent with. */
function orderOf(host: SimulatedHost, { order }: SimulatedAttempt): HiveOrder {
  const entry = decodeTree(host.blobs.readSync(order.workspace!)).find(({ name }) => name === "hive.json")
  if (entry?.kind !== "file") throw new Error("the hive has no order")
  return readHiveOrder(Buffer.from(host.blobs.readSync(entry.hash)).toString("utf8"))
}
