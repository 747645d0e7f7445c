import { orAborted } from "../base/or-aborted.ts"
import type { Endpoint, EngineSite, RankedEndpoint } from "../hive/engines/engine-adapter.ts"
import type { PlacedBytes } from "../hive/order/hive-news.ts"
import { freePort } from "./engine-ports.ts"
import { EngineProcess } from "./engine-process.ts"
import { lossOf } from "./engine-watch.ts"
import type { FoundEngine } from "./find-engine.ts"
import { askHead } from "./head-http.ts"
import { seconds } from "./head-meeting.ts"
import { Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"

const TRIES = 3
/** How often it is looked whether it is loaded: this part of the time that it has taken so far, between these. */
const LOOK_PART = 0.02
const QUICKEST_LOOK_MS = 5
const SLOWEST_LOOK_MS = 250
const ANSWER_MS = 5_000
const WORD_BYTES = 6
const ENDING_MS = 500
const LINES_MS = 2_000

export interface RunningHead {
  readonly engine: EngineProcess
  readonly at: Endpoint
  readonly placed: readonly PlacedBytes[]
  readonly loadMs: number
}

/**
 * Starts the head, waits until the model is loaded, and has a few tokens come through the whole chain.
 * @param started is called with each process as soon as it is there
 * @throws {Loss} or the signal's reason
 */
export async function startHead(
  context: MemberContext,
  found: FoundEngine,
  site: EngineSite,
  workers: readonly RankedEndpoint[],
  signal: AbortSignal,
  started: (engine: EngineProcess) => void,
): Promise<RunningHead> {
  const { adapter, order, clock, tell } = context
  for (let tries = 1; ; tries += 1) {
    tell({ hive: "starting", rank: 0, step: "loading" })
    const beganMs = clock.monotonicMs()
    const port = order.httpPort ?? (await freePort())
    signal.throwIfAborted()
    const placed: PlacedBytes[] = []
    const engine = new EngineProcess(context, found, adapter.head(site, port, workers))
    engine.onLine((line) => {
      const buffer = adapter.readBuffer(line)
      if (buffer === null) return
      const worker = workers.find((one) => `${one.address}:${one.port}` === buffer.endpoint)
      placed.push({ rank: worker?.rank ?? 0, kind: buffer.kind, bytes: buffer.bytes })
    })
    started(engine)
    const at = { address: "127.0.0.1", port }
    await orAborted(loaded(context, engine, at), signal)
    if (!engine.isOver) {
      await orAborted(checkPlaced(context, placed), signal)
      tell({ hive: "starting", rank: 0, step: "canary" })
      const problem = await orAborted(
        canary(context, at).catch((error: unknown) => error),
        signal,
      )
      if (problem === undefined) return { engine, at, placed: summed(placed), loadMs: clock.monotonicMs() - beganMs }
      // One that ended meanwhile says why.
      await Promise.race([engine.ended, clock.sleep(ENDING_MS, { signal })])
      if (!engine.isOver) throw problem
    }
    const { loss, isCertain } = lossOf(context, "head", await engine.ended, engine.lastLines, workers)
    if (loss.code === "port_taken" && order.httpPort === null && tries < TRIES) continue
    // What is wrong elsewhere is told by its member in a moment.
    if (!isCertain) await clock.sleep(1_500, { signal })
    throw loss
  }
}

/** Returns when the model is loaded, or the engine has ended. @throws {Loss} `start_too_long` */
async function loaded({ adapter, order, clock }: MemberContext, engine: EngineProcess, at: Endpoint): Promise<void> {
  const { workerMs, loadMs } = order.limits
  const beganMs = clock.monotonicMs()
  let hasAnswered = false
  while (!engine.isOver) {
    const answer = await askHead(at, order.engineKey, adapter.http.healthPath, ANSWER_MS)
    if (answer?.status === 200) return
    hasAnswered ||= answer !== null
    const tookMs = clock.monotonicMs() - beganMs
    // It opens its port once all workers have answered it: what hangs there may hang for ever.
    if (!hasAnswered && tookMs > workerMs) {
      throw new Loss(
        "start_too_long",
        null,
        `the head opened no port within ${seconds(workerMs)}: it waits for a worker`,
      )
    }
    if (tookMs > loadMs) throw new Loss("start_too_long", 0, `the model was not loaded within ${seconds(loadMs)}`)
    await Promise.race([engine.ended, clock.sleep(clamp(tookMs * LOOK_PART))])
  }
}

function clamp(ms: number): number {
  return Math.max(QUICKEST_LOOK_MS, Math.min(SLOWEST_LOOK_MS, ms))
}

/** @throws {Loss} `canary_failed` */
async function canary({ adapter, order, random }: MemberContext, at: Endpoint): Promise<void> {
  const { path, body } = adapter.http.canary(order, random(WORD_BYTES).toString("hex"))
  const answer = await askHead(at, order.engineKey, path, order.limits.loadMs, body)
  if (answer === null) throw new Loss("canary_failed", null, `no token came within ${seconds(order.limits.loadMs)}`)
  if (answer.status === 200 && adapter.http.canaryTokens(answer.body) > 0) return
  throw new Loss("canary_failed", 0, `the head answered ${answer.status} where a token was to come`)
}

/** Each member with layers has weights, where the engine says who has what. @throws {Loss} `misplaced` */
async function checkPlaced({ order, places, clock }: MemberContext, placed: readonly PlacedBytes[]): Promise<void> {
  const has = (rank: number) => placed.some((one) => one.rank === rank && one.kind === "model" && one.bytes > 0)
  const lacking = () => order.members.findIndex(({ layers }, rank) => layers > 0 && !has(rank))
  // Its port may answer before the lines that it wrote earlier have been read.
  const untilMs = clock.monotonicMs() + LINES_MS
  while (placed.some(({ kind }) => kind === "model") && lacking() !== -1) {
    if (clock.monotonicMs() < untilMs) {
      await clock.sleep(QUICKEST_LOOK_MS)
      continue
    }
    const rank = lacking()
    const layers = order.members[rank]?.layers
    const reason = `the engine put nothing on member ${rank} (${places[rank]?.host}), which was to have ${layers} layers`
    throw new Loss("misplaced", rank, reason)
  }
}

/** One number for each member and kind. */
function summed(placed: readonly PlacedBytes[]): PlacedBytes[] {
  const sums = new Map<string, PlacedBytes>()
  for (const { rank, kind, bytes } of placed) {
    const key = `${rank} ${kind}`
    sums.set(key, { rank, kind, bytes: bytes + (sums.get(key)?.bytes ?? 0) })
  }
  return [...sums.values()].toSorted((a, b) => a.rank - b.rank)
}
