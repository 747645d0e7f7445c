import { randomBytes } from "node:crypto"
import type { ServerHttp2Stream } from "node:http2"
import type { TLSSocket } from "node:tls"
import { AGENT_PATHS } from "../../protocol/agent-paths.ts"
import {
  answerBench,
  askBench,
  BENCH_LIMITS,
  BENCH_TIMEOUT_MS,
  type BenchLine,
  type BenchTools,
  wireOver,
} from "../../protocol/bench-talk.ts"
import type { DataOffer } from "../../protocol/data-wire.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { connectDirectly } from "../data/connect-directly.ts"
import { listenOnce } from "../data/listen-once.ts"

const PIECE_BYTES = 256 * 1024
/** Between two lines about how far it is. */
const TELL_MS = 200

function benchTools(durationMs = BENCH_LIMITS.durationMs): BenchTools {
  const limits = { ...BENCH_LIMITS, durationMs }
  return { nowMs: () => performance.now(), payload: randomBytes(PIECE_BYTES), limits }
}

/**
 * Answers the streams of a measurement: `answer` lets the server measure the way over its own link; `offer` listens once for one
 * other host with a one-time key, as long as the answer is open; `measure` goes to such a host and tells what it found.
 * @param body what was asked, for those that ask something
 */
export async function serveBench(
  path: string,
  stream: ServerHttp2Stream,
  body: (stream: ServerHttp2Stream) => Promise<object>,
): Promise<void> {
  const gone = new AbortController()
  stream.once("close", () => gone.abort(new Error("the server has gone")))
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(BENCH_TIMEOUT_MS)])
  if (path === AGENT_PATHS.benchAnswer) return answer(stream, signal)
  if (path === AGENT_PATHS.benchOffer) return offer(stream, signal)
  return measure(stream, checkOffer(await body(stream)), signal)
}

async function answer(stream: ServerHttp2Stream, signal: AbortSignal): Promise<void> {
  const stop = () => stream.close()
  signal.addEventListener("abort", stop, { once: true })
  stream.respond({ ":status": 200, "content-type": "application/octet-stream" })
  await answerBench(wireOver(stream), benchTools())
  stream.end()
}

async function offer(stream: ServerHttp2Stream, signal: AbortSignal): Promise<void> {
  const open = await listenOnce(async (socket) => {
    await answerBench(wireOver(socket), benchTools())
    socket.end()
  }, signal)
  stream.respond({ ":status": 200, "content-type": "application/x-ndjson" })
  stream.write(`${JSON.stringify(open.offer)}\n`)
  await open.ended
  stream.end()
}

async function measure(stream: ServerHttp2Stream, to: BenchOffer, signal: AbortSignal): Promise<void> {
  const socket = await connectDirectly(to, signal).catch((error: unknown) => {
    throw new WindfallError("host_unreachable", `Cannot reach the other host from here: ${reasonOf(error)}`, {
      hint: "Both must be on nets that reach each other; a firewall may refuse what comes to the port that the other opened for this",
      cause: error,
    })
  })
  const stop = () => socket.destroy()
  signal.addEventListener("abort", stop, { once: true })
  stream.respond({ ":status": 200, "content-type": "application/x-ndjson" })
  const say = (line: BenchLine) => stream.write(`${JSON.stringify(line)}\n`)
  try {
    say({ result: await ask(socket, to.durationMs, say) })
  } catch (error) {
    if (!stream.destroyed) say({ failed: signal.aborted ? "it took too long" : reasonOf(error) })
  } finally {
    signal.removeEventListener("abort", stop)
    socket.destroy()
    stream.end()
  }
}

function ask(socket: TLSSocket, durationMs: number, say: (line: BenchLine) => void) {
  let toldMs = 0
  return askBench(wireOver(socket), benchTools(durationMs), (direction, flow) => {
    const nowMs = performance.now()
    if (nowMs - toldMs < TELL_MS) return
    toldMs = nowMs
    say({ direction, flow })
  })
}

interface BenchOffer extends DataOffer {
  readonly durationMs: number
}

function checkOffer(value: object): BenchOffer {
  const { addresses, port, key, durationMs } = value as Partial<BenchOffer>
  if (
    Array.isArray(addresses) &&
    addresses.every((each) => typeof each === "string") &&
    Number.isInteger(port) &&
    typeof key === "string" &&
    Number.isInteger(durationMs)
  ) {
    return { addresses, port: port as number, key, durationMs: durationMs as number }
  }
  throw new WindfallError("invalid_input", "Cannot measure: the request has no offer")
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  // macOS says so, too, to who may not reach the local network.
  if (code === "EHOSTUNREACH") return "the system says that there is no way to it (EHOSTUNREACH)"
  return message ?? String(error)
}
