import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { Agent, type IncomingMessage, request } from "node:http"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import { type Figure, median } from "./figure.ts"

const ROUNDS = 200
const TOKENS = 200
const STREAMS = 2_000
const TOKENS_OF_EACH = 100
const WARM_UP = 30
/** Where the command `windfall` keeps it. */
const COMPILED = join(import.meta.dirname, "../.cache/compile")

interface Way {
  readonly url: string
  readonly key: string
}

interface Seen {
  readonly firstMs: number
  readonly wholeMs: number
  readonly tokens: number
  readonly isDone: boolean
}

export const gatewayBench: Benchmark = {
  name: "gateway",
  about: `One stream after the other through the gateway and straight to a scripted engine, in turn: what the gateway adds to the first token, and to each of ${TOKENS}. Then ${STREAMS} streams at once of 10 tokens/s each, ${TOKENS_OF_EACH} tokens long; client, server and engine are three processes on this machine.`,
  async run({ note }: Surroundings): Promise<readonly Figure[]> {
    await using stack = new AsyncDisposableStack()
    const engine = start(stack, "gateway-engine.ts")
    const [{ port }] = (await once(engine, "message")) as [{ port: number }]
    const direct = { url: `http://127.0.0.1:${port}`, key: "none" }
    // As any that was started before with `windfall`: what is compiled is kept then, and the memory of a compiler is not needed.
    await using earlier = new AsyncDisposableStack()
    await once(start(earlier, "gateway-server.ts", direct.url), "message")
    await earlier.disposeAsync()
    const server = start(stack, "gateway-server.ts", direct.url)
    const [gateway] = (await once(server, "message")) as [Way]
    const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
    stack.defer(() => agent.destroy())
    const first: number[] = []
    const each: number[] = []
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const straight = await stream(agent, direct, "fast", TOKENS)
      const through = await stream(agent, gateway, "fast", TOKENS)
      if (round < 0) continue
      first.push(through.firstMs - straight.firstMs)
      each.push((through.wholeMs - through.firstMs - (straight.wholeMs - straight.firstMs)) / TOKENS)
    }
    note(`${STREAMS} streams`)
    const before = await measure(server)
    const streams = Array.from({ length: STREAMS }, () => stream(agent, gateway, "paced", TOKENS_OF_EACH))
    const peaks: number[] = []
    const over = new AbortController()
    const all = Promise.all(streams).finally(() => over.abort())
    const begunMs = performance.now()
    while (!over.signal.aborted) {
      peaks.push((await measure(server)).rssBytes)
      await setTimeout(500, undefined, { signal: over.signal }).catch(() => undefined)
    }
    const seen = await all
    const tookMs = performance.now() - begunMs
    const after = await measure(server)
    const lost = seen.filter(({ tokens, isDone }) => tokens !== TOKENS_OF_EACH || !isDone).length
    if (lost > 0) throw new Error(`${lost} of ${STREAMS} streams were not whole`)
    const took = seen.map(({ firstMs, wholeMs }) => (wholeMs - firstMs) / TOKENS_OF_EACH)
    note(`a token each ${median(took).toFixed(1)} ms`)
    return [
      { what: "added to the first token", unit: "ms", values: first, bounds: [{ of: "median", most: 1 }] },
      { what: "added to each token", unit: "ms", values: each, bounds: [{ of: "median", most: 0.1 }] },
      { what: `${STREAMS} streams: between tokens`, unit: "ms", values: took, bounds: [{ of: "median", most: 110 }] },
      { what: "most memory", unit: "MB", values: [Math.max(...peaks) / 1e6], bounds: [{ of: "median", most: 300 }] },
      { what: "of a core", unit: "%", values: [(100 * (after.cpuMs - before.cpuMs)) / tookMs] },
    ]
  },
}

function start(stack: AsyncDisposableStack, file: string, ...words: string[]): ChildProcess {
  const { NODE_COMPILE_CACHE = COMPILED } = process.env
  const child = fork(join(import.meta.dirname, file), words, { env: { ...process.env, NODE_COMPILE_CACHE } })
  stack.defer(async () => {
    if (child.exitCode !== null) return
    child.disconnect()
    await once(child, "exit")
  })
  return child
}

async function measure(server: ChildProcess): Promise<{ rssBytes: number; cpuMs: number }> {
  server.send("measure")
  const [measured] = await once(server, "message")
  return measured
}

async function stream(agent: Agent, { url, key }: Way, content: string, tokens: number): Promise<Seen> {
  const body = JSON.stringify({
    model: "tiny",
    stream: true,
    max_tokens: tokens,
    messages: [{ role: "user", content }],
  })
  const begunMs = performance.now()
  const asked = request(`${url}/v1/chat/completions`, {
    agent,
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  })
  asked.end(body)
  const [response] = (await once(asked, "response")) as [IncomingMessage]
  let firstMs = Number.NaN
  let text = ""
  let seen = 0
  for await (const part of response) {
    text += String(part)
    for (let at = text.indexOf('"token"'); at >= 0; at = text.indexOf('"token"')) {
      if (seen++ === 0) firstMs = performance.now() - begunMs
      text = text.slice(at + 7)
    }
  }
  return { firstMs, wholeMs: performance.now() - begunMs, tokens: seen, isDone: text.endsWith("data: [DONE]\n\n") }
}
