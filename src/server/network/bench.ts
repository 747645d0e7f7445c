import { randomBytes } from "node:crypto"
import { AsyncQueue } from "../../base/async-queue.ts"
import { AGENT_PATHS } from "../../protocol/agent-paths.ts"
import {
  askBench,
  BENCH_LIMITS,
  BENCH_TIMEOUT_MS,
  type BenchFlow,
  type BenchLimits,
  type BenchResult,
  mbpsOf,
  wireOver,
} from "../../protocol/bench-talk.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { HostId } from "../../protocol/ids.ts"
import { type NetworkMeasure, SERVER_END } from "../../protocol/network.ts"
import type { BenchRequest, BenchStep } from "../../protocol/network-api.ts"
import type { Core } from "../core.ts"
import { askForOffer } from "../data/ask-for-offer.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import { readBenchLines } from "./bench-lines.ts"
import { storeMeasures } from "./store-measures.ts"

const PIECE_BYTES = 256 * 1024
const TELL_MS = 200

/** One end of a measurement; the server has no channel. */
interface End {
  readonly id: string
  readonly name: string
  readonly channel: HostChannel | null
}

type OnFlow = (direction: "received" | "sent", flow: BenchFlow) => void

/**
 * Measures between two ends, one after the other whoever asks, so that no measurement slows another. What was found is stored,
 * in place of what was known of these two. Ends with `done` or `failed`; a reader who goes away ends it.
 */
export async function* bench(core: Core, request: BenchRequest, gone: AbortSignal): AsyncGenerator<BenchStep> {
  const steps = new AsyncQueue<BenchStep>()
  const left = new AbortController()
  const signal = AbortSignal.any([gone, left.signal, core.signal])
  const work = run(core, request, signal, (step) => steps.push(step))
    .then(() => steps.push({ step: "done" }))
    .catch((error: unknown) => {
      steps.push({ step: "failed", error: toWindfallError(error, "measure").toBody().error })
    })
    .finally(() => steps.end())
  try {
    yield* steps
  } finally {
    left.abort(new WindfallError("wrong_state", "Cannot measure: it was cancelled"))
    await work
  }
}

/** The turn of each server: whoever comes waits for who came before. */
const turns = new WeakMap<Core, Promise<void>>()

async function run(
  core: Core,
  request: BenchRequest,
  signal: AbortSignal,
  push: (step: BenchStep) => void,
): Promise<void> {
  // Looked at once before waiting, so that what cannot be is refused at once.
  ends(core, request)
  const before = turns.get(core)
  const mine = Promise.withResolvers<void>()
  turns.set(core, mine.promise)
  try {
    if (before !== undefined) {
      push({ step: "waiting" })
      await before
    }
    signal.throwIfAborted()
    await measure(core, request, signal, push)
  } finally {
    if (turns.get(core) === mine.promise) turns.delete(core)
    mine.resolve()
  }
}

async function measure(
  core: Core,
  request: BenchRequest,
  signal: AbortSignal,
  push: (step: BenchStep) => void,
): Promise<void> {
  const { asker, answerer } = ends(core, request)
  let toldMs = 0
  const onFlow: OnFlow = (direction, flow) => {
    const nowMs = performance.now()
    if (nowMs - toldMs < TELL_MS) return
    toldMs = nowMs
    const [from, to] = direction === "received" ? [answerer, asker] : [asker, answerer]
    push({ step: "progress", from: from.name, to: to.name, bytes: flow.bytes, durationMs: Math.round(flow.durationMs) })
  }
  const within = AbortSignal.any([signal, AbortSignal.timeout(BENCH_TIMEOUT_MS)])
  const limits: BenchLimits = { ...BENCH_LIMITS, durationMs: request.durationMs ?? BENCH_LIMITS.durationMs }
  const result =
    asker.channel === null
      ? await overLink(answerer.channel, limits, within, onFlow)
      : await betweenHosts(asker, answerer, limits, within, onFlow)
  const at = core.clock.now()
  const found = [
    measured(answerer, asker, result.received, result, at),
    measured(asker, answerer, result.sent, result, at),
  ]
  await storeMeasures(core, found)
  for (const one of found) {
    const [from, to] = one.from === answerer.id ? [answerer, asker] : [asker, answerer]
    push({ step: "measured", measure: one, from: from.name, to: to.name })
  }
}

/** Over the link itself, which is also how workspaces travel: ssh's own speed is in it. */
async function overLink(
  channel: HostChannel | null,
  limits: BenchLimits,
  signal: AbortSignal,
  onFlow: OnFlow,
): Promise<BenchResult> {
  if (channel === null) throw new WindfallError("invalid_input", "Cannot measure: both ends are the server")
  const { stream } = await channel.openBench({ signal })
  stream.on("error", () => {})
  try {
    const payload = randomBytes(PIECE_BYTES)
    return await askBench(wireOver(stream), { nowMs: () => performance.now(), payload, limits }, onFlow)
  } finally {
    stream.destroy()
  }
}

async function betweenHosts(
  asker: End,
  answerer: End,
  { durationMs }: BenchLimits,
  signal: AbortSignal,
  onFlow: OnFlow,
): Promise<BenchResult> {
  const over = new AbortController()
  const within = AbortSignal.any([signal, over.signal])
  try {
    const offer = await askForOffer(answerer.channel as HostChannel, AGENT_PATHS.benchOffer, {}, within)
    const lines = await (asker.channel as HostChannel).ask(
      AGENT_PATHS.benchMeasure,
      { ...offer, durationMs },
      { signal: within },
    )
    return await readBenchLines(lines, onFlow)
  } catch (error) {
    const { code, message, hint } = toWindfallError(error, "measure")
    const reason = message.replace(/^Cannot [^:]*: /, "")
    throw new WindfallError(code, `Cannot measure between ${asker.name} and ${answerer.name}: ${reason}`, { hint })
  } finally {
    over.abort()
  }
}

function measured(from: End, to: End, flow: BenchFlow, { roundTripMs }: BenchResult, at: number): NetworkMeasure {
  const mbps = mbpsOf(flow)
  if (mbps === null) {
    throw new WindfallError("wrong_state", `Cannot measure from ${from.name} to ${to.name}: nothing came in time`)
  }
  const { bytes, durationMs } = flow
  return { from: from.id, to: to.id, mbps, roundTripMs, bytes, durationMs, at }
}

/** @throws {WindfallError} host_not_found, host_unreachable, invalid_input where both are the same */
function ends(core: Core, { between, and }: BenchRequest): { readonly asker: End; readonly answerer: End } {
  if (nameOf(core, between) === nameOf(core, and)) {
    throw new WindfallError("invalid_input", `Cannot measure between ${between} and itself`, {
      hint: "Name two hosts, or one and the server: windfall host bench mac-1 mac-2",
    })
  }
  const [one, other] = [endOf(core, between), endOf(core, and)]
  // The server asks by itself; between hosts the second one asks, so that what is told first goes from the first to it.
  return other.channel === null || one.channel !== null
    ? { asker: other, answerer: one }
    : { asker: one, answerer: other }
}

function nameOf(core: Core, end: string): string {
  return end === SERVER_END ? end : core.fleet.find(end).record.name
}

function endOf(core: Core, name: string): End {
  if (name === SERVER_END) return { id: SERVER_END, name, channel: null }
  const { record, channel, link } = core.fleet.find(name)
  if (channel === null) {
    throw new WindfallError("host_unreachable", `Cannot measure with ${record.name}: the host is ${link}`, {
      hint: `Why: windfall host show ${record.name}`,
    })
  }
  return { id: record.id as HostId, name: record.name, channel }
}
