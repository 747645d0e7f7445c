import { readdirSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { buildMember } from "../../scripts/build-member.ts"
import type { HiveNews } from "../../src/hive/order/hive-news.ts"
import { readHiveNews } from "../../src/hive/order/hive-news.ts"
import { DEFAULT_LIMITS, type HiveLimits, type HiveOrder } from "../../src/hive/order/hive-order.ts"
import { Child, type Ended } from "./child.ts"
import { type RandomModel, writeRandomGguf } from "./random-gguf.ts"
import { writeRandomFolder } from "./random-safetensors.ts"
import { ScratchFolder } from "./scratch-folder.ts"

export interface HiveSetup {
  readonly engine?: HiveOrder["engine"]
  /** With the engine's programs. */
  readonly engineFolder: string
  /** Of each rank. */
  readonly layers: readonly number[]
  /** In this order they follow each other; by rank if not said. */
  readonly order?: readonly number[]
  readonly model?: RandomModel
  /** A file that is there, in place of one of random numbers. */
  readonly modelPath?: string
  readonly limits?: Partial<HiveLimits>
  readonly changes?: Partial<HiveOrder>
}

/** Quick enough for tests, and slow enough for a machine that has much else to do. */
const LIMITS: HiveLimits = {
  ...DEFAULT_LIMITS,
  gatherMs: 20_000,
  loadMs: 60_000,
  pulseMs: 200,
  silentMs: 5_000,
  graceMs: 2_000,
  killMs: 5_000,
}
const KEY = "5e".repeat(32)
const ENGINE_KEY = "key-of-the-engine-for-tests"
let scenes = 0

/** A hive of real engines and real members on loopback addresses, 127.0.0.2 and on: a host each. */
export class HiveScene implements AsyncDisposable {
  readonly order: HiveOrder
  readonly members: HiveMember[] = []
  readonly #scratch = new ScratchFolder()
  readonly #program: string
  readonly #ports: readonly number[]
  /** For what an engine's ranks say to each other. */
  readonly #ringPorts: readonly number[]
  readonly #marker = `hive-scene-${process.pid}-${++scenes}`

  private constructor(setup: HiveSetup, program: string, ports: readonly number[], ringPorts: readonly number[]) {
    const { engineFolder, layers, model = {}, limits = {}, changes = {} } = setup
    const { engine = "llama.cpp" } = setup
    const modelPath = setup.modelPath ?? this.#scratch.at(engine === "mlx" ? "model" : "model.gguf")
    const isInParts = changes.mode === "tensor"
    const total = isInParts ? (layers[0] ?? 0) : layers.reduce((sum, count) => sum + count, 0)
    if (setup.modelPath === undefined) {
      const { architecture, ...sizes } = model
      if (engine === "llama.cpp") writeRandomGguf(modelPath, { ...model, layers: total })
      else if (architecture !== "qwen3moe")
        writeRandomFolder(modelPath, {
          ...sizes,
          ...(architecture === undefined ? {} : { architecture }),
          layers: total,
        })
    }
    let next = 0
    const first = new Map<number, number>()
    for (const rank of setup.order ?? layers.keys()) {
      first.set(rank, next)
      if (!isInParts) next += layers[rank] ?? 0
    }
    this.#program = program
    this.#ports = ports
    this.#ringPorts = ringPorts
    this.order = {
      version: 1,
      hive: this.#marker,
      key: KEY,
      engineKey: ENGINE_KEY,
      engine,
      engineFolder,
      alias: "random",
      contextTokens: 512,
      slots: 2,
      kv: "f16",
      mode: layers.length === 1 ? "single" : "pipeline",
      projectorPath: null,
      members: layers.map((count, rank) => ({
        modelPath: rank === 0 || engine === "mlx" ? modelPath : null,
        firstLayer: first.get(rank) ?? 0,
        layers: count,
      })),
      httpPort: null,
      threads: 1,
      cacheBytes: 0,
      limits: { ...LIMITS, ...limits },
      ...changes,
    }
  }

  static async set(setup: HiveSetup): Promise<HiveScene> {
    const { length } = setup.layers
    const [ports, ringPorts] = await Promise.all([freePorts(length), freePorts(length)])
    return new HiveScene(setup, await memberProgram(), ports, ringPorts)
  }

  /** Starts the member of a rank. @param changes of its order alone */
  start(
    rank: number,
    environment: Readonly<Record<string, string>> = {},
    changes: Partial<HiveOrder> = {},
  ): HiveMember {
    const file = `order-${rank}.json`
    this.#scratch.write({ [file]: JSON.stringify({ ...this.order, ...changes }) })
    const { length } = this.#ports
    this.#scratch.write({
      "hosts.json": JSON.stringify(this.#ringPorts.map((port, at) => [`127.0.0.${at + 2}:${port}`])),
    })
    const member = new HiveMember(this.#program, this.#scratch.at(file), {
      HOME: this.home,
      WINDFALL_ATTEMPT: this.#marker,
      WINDFALL_RANK: String(rank),
      WINDFALL_NODE_COUNT: String(length),
      WINDFALL_PEERS: this.#ports.map((_, at) => `127.0.0.${at + 2}`).join(" "),
      WINDFALL_PEER_PORTS: this.#ports.join(" "),
      WINDFALL_NODE_NAMES: this.#ports.map((_, at) => `mac-${at}`).join(" "),
      ...(length === 1 ? {} : { MLX_HOSTFILE: this.#scratch.at("hosts.json") }),
      ...environment,
    })
    this.members.push(member)
    return member
  }

  /** The program, and the model. */
  get files(): { readonly program: string; readonly model: string } {
    return { program: this.#program, model: this.order.members[0]?.modelPath ?? "" }
  }

  /** The HOME of all members. */
  get home(): string {
    return this.#scratch.write({}, "home")
  }

  /** All of them, by rank. */
  startAll(): HiveMember[] {
    return this.order.members.map((_, rank) => this.start(rank))
  }

  /** Processes of this hive that are there, by what started them. */
  alive(): { readonly pid: number; readonly command: string }[] {
    return processesWith(`WINDFALL_ATTEMPT=${this.#marker}`)
  }

  /** The engine's processes of a rank. */
  engines(rank: number, name: string): number[] {
    return processesWith(`WINDFALL_ATTEMPT=${this.#marker}`, `WINDFALL_RANK=${rank}`)
      .filter(({ command }) => command.includes(name) && !command.includes("windfall-guardian"))
      .map(({ pid }) => pid)
  }

  /** Where the head listens for members. */
  get meetingPlace(): { readonly host: string; readonly port: number } {
    return { host: "127.0.0.2", port: this.#ports[0] ?? 0 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { pid } of this.alive()) signal(pid, "SIGKILL")
    await Promise.all(this.members.map((member) => member.child[Symbol.asyncDispose]()))
    this.#scratch[Symbol.dispose]()
  }
}

/** The program as hosts run it. */
export class HiveMember {
  readonly child: Child

  constructor(program: string, order: string, environment: Readonly<Record<string, string>>) {
    this.child = new Child(process.execPath, [program, order], { env: environment })
  }

  get news(): HiveNews[] {
    return this.child.stdout.split("\n").flatMap((line) => readHiveNews(line) ?? [])
  }

  /** The first news of a kind. @throws when it ends without */
  async says<K extends HiveNews["hive"]>(kind: K): Promise<HiveNews & { hive: K }> {
    await this.child.says(new RegExp(`^\\{"hive":"${kind}".*\\}$`, "m"))
    return this.news.find(({ hive }) => hive === kind) as HiveNews & { hive: K }
  }

  get ended(): Promise<Ended> {
    return this.child.ended
  }
}

/** Asks the head as the gateway does. */
export function complete(port: number, body: Readonly<Record<string, unknown>>): Promise<Response> {
  return post(port, "/v1/completions", body)
}

/** What the model says to somebody. */
export async function chat(port: number, content: string): Promise<string> {
  const response = await post(port, "/v1/chat/completions", { messages: [{ role: "user", content }], max_tokens: 16 })
  const answer = (await response.json()) as { choices: { message: { content: string } }[] }
  return answer.choices[0]?.message.content ?? ""
}

function post(port: number, path: string, body: Readonly<Record<string, unknown>>): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${ENGINE_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ temperature: 0, ...body }),
  })
}

/** Numbers of the tokens that come at temperature 0; none often, so that random weights say more than a few words again and again. */
export async function tokensOf(port: number, prompt: string, count: number): Promise<readonly number[]> {
  const response = await complete(port, {
    prompt,
    max_tokens: count,
    logprobs: 1,
    cache_prompt: false,
    repeat_penalty: 1.3,
  })
  const answer = (await response.json()) as { choices: { logprobs: { content: { id: number }[] } }[] }
  return answer.choices[0]?.logprobs.content.map(({ id }) => id) ?? []
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}

let program: Promise<string> | undefined

function memberProgram(): Promise<string> {
  program ??= (async () => {
    const folder = new ScratchFolder()
    process.on("exit", () => folder[Symbol.dispose]())
    await buildMember(folder.at("member.mjs"))
    return folder.at("member.mjs")
  })()
  return program
}

/** A port for each host, all different: no two scenes meet. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const server = createServer()
      await new Promise<void>((listening) => server.listen(0, `127.0.0.${at + 2}`, listening))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}

function processesWith(...variables: readonly string[]): { readonly pid: number; readonly command: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const environment = readFileSync(`/proc/${name}/environ`, "latin1").split("\0")
      const command = readFileSync(`/proc/${name}/cmdline`, "latin1").replaceAll("\0", " ").trim()
      return variables.every((each) => environment.includes(each)) && command !== ""
        ? [{ pid: Number(name), command }]
        : []
    } catch {
      return []
    }
  })
}

/** As {@link tokensOf}, of MLX: its fields have other names. */
export async function mlxTokensOf(port: number, prompt: string, count: number): Promise<readonly number[]> {
  const response = await complete(port, { prompt, max_tokens: count, logprobs: true, repetition_penalty: 1.3 })
  const answer = (await response.json()) as { choices: { logprobs: { content: { id: number }[] } }[] }
  return answer.choices[0]?.logprobs.content.map(({ id }) => id) ?? []
}
