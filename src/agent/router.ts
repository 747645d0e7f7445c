import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2"
import { pipeline } from "node:stream/promises"
import type { AccountLook } from "../protocol/account-look.ts"
import { AGENT_PATHS } from "../protocol/agent-paths.ts"
import { toWindfallError, WindfallError } from "../protocol/errors.ts"
import { isBlobHash, isId } from "../protocol/ids.ts"
import { encodePack } from "../workspace/pack.ts"
import type { AgentContext } from "./agent-context.ts"
import { serveBench } from "./bench/bench-route.ts"
import { fetchForServer, offerToAnother } from "./data/data-routes.ts"
import { lookAtPlace } from "./data/look-at-place.ts"
import { serveExamination } from "./doctor/examine-route.ts"
import { lookForAccount } from "./look-for-account.ts"
import { lookForEngines } from "./look-for-engines.ts"
import { outputBlobs } from "./output-blobs.ts"

const BENCH_PATHS: ReadonlySet<string> = new Set([
  AGENT_PATHS.benchAnswer,
  AGENT_PATHS.benchOffer,
  AGENT_PATHS.benchMeasure,
])
const MAX_BODY_BYTES = 16 * 1024 * 1024

/** What the agent answers besides blobs and outputs. */
export interface Routes {
  control(stream: ServerHttp2Stream): void
  /** A terminal's stream, by the id in its path; `null` while this agent has none. */
  readonly terminals: ((stream: ServerHttp2Stream, id: string) => void) | null
  /** A tunnel's stream, by what follows `/tunnels/`. Rejects with why there is none, as long as nothing was answered. */
  tunnels(stream: ServerHttp2Stream, path: string): Promise<void>
}

/** Answers one HTTP/2 stream of the server. */
export function route(
  context: AgentContext,
  routes: Routes,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): void {
  // Without a listener an error on a stream would end the process; what it breaks is seen where it is used.
  stream.on("error", () => {})
  const path = String(headers[":path"])
  const method = String(headers[":method"])
  let answer: Promise<void> | undefined
  if (method === "POST" && path === AGENT_PATHS.control) routes.control(stream)
  else if (method === "POST" && path.startsWith(AGENT_PATHS.terminals) && routes.terminals !== null) {
    routes.terminals(stream, path.slice(AGENT_PATHS.terminals.length))
  } else if (method === "POST" && path.startsWith(AGENT_PATHS.tunnels)) {
    answer = routes.tunnels(stream, path.slice(AGENT_PATHS.tunnels.length))
  } else if (method === "PUT" && path === AGENT_PATHS.blobs) answer = takeBlobs(context.cache, stream)
  else if (method === "PUT" && path === AGENT_PATHS.data) answer = takeBlobs(context.data, stream)
  else if (method === "POST" && path === AGENT_PATHS.dataOffer) answer = offerToAnother(context.data, stream, readJson)
  else if (method === "POST" && path === AGENT_PATHS.dataFetch) answer = fetchForServer(context.data, stream, readJson)
  else if (method === "POST" && path === AGENT_PATHS.dataLook) answer = look(stream)
  else if (method === "POST" && path === AGENT_PATHS.account) answer = account(context, stream)
  else if (method === "POST" && path === AGENT_PATHS.engines) answer = engines(context, stream)
  else if (method === "POST" && BENCH_PATHS.has(path)) answer = serveBench(path, stream, readJson)
  else if (method === "POST" && path === AGENT_PATHS.doctor) answer = examine(context, stream)
  else if (method === "POST" && path.startsWith(AGENT_PATHS.outputs)) {
    answer = giveOutputs(context, stream, path.slice(AGENT_PATHS.outputs.length))
  } else answer = Promise.reject(new WindfallError("route_not_found", `Cannot answer ${method} ${path}: no such route`))
  answer?.catch((error) => fail(stream, toWindfallError(error, `answer ${method} ${path}`)))
}

/** Ends a stream with an error, as a body when nothing was sent yet. */
export function fail(stream: ServerHttp2Stream, error: WindfallError): void {
  if (stream.destroyed) return
  if (stream.headersSent) stream.close(2)
  else {
    stream.respond({ ":status": error.status, "content-type": "application/json" })
    stream.end(JSON.stringify(error.toBody()))
  }
}

/** Where blobs go that the server sends. */
interface BlobStore {
  store(pack: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<number>
}

async function takeBlobs(store: BlobStore, stream: ServerHttp2Stream): Promise<void> {
  const abort = new AbortController()
  stream.once("aborted", () => abort.abort())
  // Left open when it breaks off, so that the server hears why.
  const stored = await store.store(stream.iterator({ destroyOnReturn: false }), abort.signal)
  stream.respond({ ":status": 200, "content-type": "application/json" })
  stream.end(JSON.stringify({ stored }))
}

async function giveOutputs(context: AgentContext, stream: ServerHttp2Stream, attempt: string): Promise<void> {
  const wanted = await readHashes(stream)
  if (!isId("a", attempt)) throw new WindfallError("file_not_found", "Cannot give outputs: no such attempt")
  const found = [...context.attempts.values()].find((one) => one.id === attempt)
  const blobs = outputBlobs(found, wanted)
  stream.respond({ ":status": 200, "content-type": "application/octet-stream" })
  await pipeline(encodePack(blobs), stream)
}

async function look(stream: ServerHttp2Stream): Promise<void> {
  const { path } = (await readJson(stream)) as { path?: unknown }
  if (typeof path !== "string") throw new WindfallError("invalid_input", "Cannot look at a path: none is named")
  const found = await lookAtPlace(path)
  stream.respond({ ":status": 200, "content-type": "application/json" })
  stream.end(JSON.stringify(found))
}

async function account({ platform }: AgentContext, stream: ServerHttp2Stream): Promise<void> {
  const { name } = (await readJson(stream)) as { name?: unknown }
  const abort = new AbortController()
  stream.once("close", () => abort.abort())
  const found: AccountLook =
    platform.system === "darwin"
      ? await lookForAccount(name, abort.signal)
      : { found: "unknown", reason: "nobody is looked for on Linux" }
  stream.respond({ ":status": 200, "content-type": "application/json" })
  stream.end(JSON.stringify(found))
}

async function engines(context: AgentContext, stream: ServerHttp2Stream): Promise<void> {
  await readJson(stream)
  const abort = new AbortController()
  stream.once("close", () => abort.abort())
  const found = await lookForEngines(context.jobHost, abort.signal)
  stream.respond({ ":status": 200, "content-type": "application/json" })
  stream.end(JSON.stringify(found))
}

async function examine(context: AgentContext, stream: ServerHttp2Stream): Promise<void> {
  return serveExamination(context, stream, await readJson(stream))
}

async function readHashes(stream: ServerHttp2Stream) {
  const { hashes } = (await readJson(stream)) as { hashes?: unknown }
  if (Array.isArray(hashes) && hashes.every(isBlobHash)) return hashes
  throw new WindfallError("invalid_input", "Cannot read the request: it names no hashes")
}

async function readJson(stream: ServerHttp2Stream): Promise<object> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new WindfallError("too_large", "Cannot read the request: it is too large")
    chunks.push(chunk)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString())
    if (typeof value === "object" && value !== null) return value
  } catch {
    // Fall through: whatever it was, it was no object.
  }
  throw new WindfallError("invalid_input", "Cannot read the request: it is no JSON object")
}
