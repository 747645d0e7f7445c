import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { KeyView } from "../src/protocol/key-api.ts"
import type { ModelView } from "../src/protocol/model-api.ts"
import { smallModel, wholeFile } from "../test/support/hive-models.ts"
import { type Pool, startPool } from "../test/support/pool.ts"
import { putStandInEngine, STAND_IN } from "../test/support/stand-in-engine.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

/** Each replica loses its engine three times: five in a row, and it would not be tried again. */
const ROUNDS = 6
const STREAMS = 32
const REQUESTS = 32
const SLOTS = 48
const THINK_MS = 2_000
const LOOK_MS = 10

export const failover: Benchmark = {
  name: "failover",
  about: `Two replicas of a model on two hosts, an engine that waits ${THINK_MS / 1_000} s before its first token. While ${STREAMS} streams bring tokens and ${REQUESTS} requests have none yet, half of them streams, one of the two engines is killed. No request that had no token may fail; how much later than ${THINK_MS / 1_000} s after the kill those of the killed engine are answered by the other; when both are ready again, of which 2, 4 and 8 s are the rest before a new try.`,
  async run({ note }: Surroundings): Promise<readonly Figure[]> {
    await using pool = await startPool({ hosts: 2 })
    const key = await serveTwice(pool)
    const failed: number[] = []
    const late: number[] = []
    const back: number[] = []
    const cut: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      await whole(pool)
      const seen = await killOne(pool, key, round % 2)
      failed.push(seen.failed)
      late.push(...seen.lateMs)
      cut.push(seen.cut)
      await whole(pool)
      back.push(performance.now() - seen.killedMs)
      note(`${seen.lateMs.length} asked again, ${seen.cut} of ${STREAMS} streams cut, ${seen.failed} failed`)
    }
    return [
      {
        what: `of ${REQUESTS} without a token failed`,
        unit: "times",
        values: failed,
        bounds: [{ of: "p99", most: 0 }],
      },
      { what: "answered elsewhere, beyond the engine's own time", unit: "ms", values: late },
      { what: `of ${STREAMS} streams with tokens ended with an error`, unit: "times", values: cut },
      { what: "both ready again", unit: "ms", values: back },
    ]
  },
}

async function serveTwice(pool: Pool): Promise<string> {
  for (const host of pool.hosts) putStandInEngine(host)
  const project = join(pool.scratch.at("home"), "project")
  mkdirSync(project, { recursive: true })
  writeFileSync(join(project, "tiny.gguf"), wholeFile(smallModel(4)))
  const line = ["model", "serve", "tiny", "tiny.gguf", "--replicas", "2", "--slots", String(SLOTS), "--context", "256"]
  const served = await pool.windfall(line)
  if (served.exitCode !== 0) throw new Error(served.stderr)
  return (await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })).key
}

/** Waits until both replicas answer. */
async function whole(pool: Pool): Promise<void> {
  for (;;) {
    const { state, reason } = await pool.api<ModelView>("GET", "/v1/hives/tiny")
    if (state === "ready") return
    if (state === "degraded") throw new Error(`The model is degraded: ${reason}`)
    await new Promise((later) => setTimeout(later, LOOK_MS))
  }
}

async function killOne(pool: Pool, key: string, at: number) {
  const over = new AbortController()
  const host = pool.hosts[at]!
  const under = async () => {
    const { replicas } = await pool.api<ModelView>("GET", "/v1/hives/tiny")
    const [own] = replicas.filter(({ plan }) => plan?.members[0]?.hostName === host.name)
    return { all: replicas.reduce((sum, { inFlight }) => sum + inFlight, 0), own: own?.inFlight ?? 0 }
  }
  // Each begins otherwise, so that they do not all go where the same beginning was.
  const ask = (content: string, stream: boolean, index: number) => {
    const system = { role: "system", content: `${at} ${index} ${stream}` }
    return fetch(`${pool.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "tiny", stream, messages: [system, { role: "user", content }] }),
      signal: over.signal,
    })
  }
  const streams = await Promise.all(
    Array.from({ length: STREAMS }, async (_, index) => {
      const response = await ask("for ever", true, -1 - index)
      const reader = response.body!.getReader()
      await reader.read()
      return reader
    }),
  )
  let ended = 0
  for (const reader of streams) {
    void (async () => {
      while (!(await reader.read()).done);
      ended++
    })().catch(() => {})
  }
  const before = await under()
  const requests = Array.from({ length: REQUESTS }, async (_, index) => {
    const isStream = index % 2 === 0
    const response = await ask(`after ${THINK_MS} ms`, isStream, index)
    const text = await response.text()
    const isGood = response.status === 200 && text.includes("ms") && (!isStream || text.endsWith("data: [DONE]\n\n"))
    return { isGood, atMs: performance.now() }
  })
  let now = before
  for (; now.all < STREAMS + REQUESTS; now = await under()) await new Promise((later) => setTimeout(later, LOOK_MS))
  const engine = host.processes().find(({ command }) => command.includes(`${STAND_IN} head`))
  if (engine === undefined) throw new Error("There is no engine on this host")
  const killedMs = performance.now()
  process.kill(engine.pid, "SIGKILL")
  const answers = await Promise.all(requests)
  over.abort()
  return {
    killedMs,
    cut: ended,
    failed: answers.filter(({ isGood }) => !isGood).length,
    // Those of the engine that lives were asked before the kill, and are answered first.
    lateMs: answers
      .map(({ atMs }) => atMs - killedMs - THINK_MS)
      .toSorted((a, b) => b - a)
      .slice(0, now.own - before.own),
  }
}
