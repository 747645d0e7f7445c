import { Agent, type ClientRequest, type IncomingMessage, request as startRequest } from "node:http"
import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import type { GatewayLimits } from "./gateway-limits.ts"
import type { Replica } from "./served-models.ts"

interface LossOptions extends ErrorOptions {
  readonly isExplained?: boolean
  readonly isCut?: boolean
  readonly isSilent?: boolean
}

/** A replica did not answer, or not to the end. As long as the client has seen nothing, another one may be asked. */
export class ReplicaLost extends Error {
  override readonly name = "ReplicaLost"
  readonly #name: string
  /** Who runs the replica says why. */
  readonly #isExplained: boolean
  /** Its engine had taken the request, and broke off or says that it cannot: it may have died of it. */
  readonly isCut: boolean
  /** Nothing came for too long. */
  readonly isSilent: boolean

  constructor(reason: string, name: string, options: LossOptions = {}) {
    super(reason, options)
    this.#name = name
    this.isCut = options.isCut === true
    this.isSilent = options.isSilent === true
    this.#isExplained = options.isExplained === true
  }

  /** What was lost at this replica, with the reason where its end was a decision, or was told by its hive. */
  static at(replica: Replica, name: string, error: unknown): unknown {
    if (!(error instanceof ReplicaLost)) return error
    const why = replica.whyCut?.() ?? null
    const { isCut, isSilent } = error
    return why === null ? error : new ReplicaLost(why, name, { cause: error, isExplained: true, isCut, isSilent })
  }

  /** What the client is told when no other one is asked. */
  get problem(): GatewayProblem {
    if (this.#isExplained) return new GatewayProblem("broken", `The answer of ${this.#name} was lost: ${this.message}`)
    // The engine itself is gone or silent: why is known to who runs it, and often a moment later.
    const text = `The answer of ${this.#name} was lost: ${this.message}. Send the request again; why it was lost: windfall model show ${this.#name}`
    return new GatewayProblem("broken", text)
  }
}

export interface EngineRequest {
  readonly replica: Replica
  /** What clients call the model, for errors. */
  readonly name: string
  readonly path: string
  /** The JSON of the body, in two parts. */
  readonly begin: string
  readonly rest: string | Buffer
  readonly signal: AbortSignal
}

/** Connections are kept: one to an engine behind a tunnel costs a round trip or two. */
export function engineAgent(): Agent {
  return new Agent({ keepAlive: true, maxFreeSockets: 64, keepAliveMsecs: 1_000 })
}

/**
 * Asks an engine; resolves when its answer begins. Aborting the signal ends the request also later, so that the engine stops.
 * @throws {ReplicaLost}, the signal's reason
 */
export async function askEngine(agent: Agent, limits: GatewayLimits, asked: EngineRequest): Promise<IncomingMessage> {
  let hasBroken = false
  for (;;) {
    asked.signal.throwIfAborted()
    const request = start(agent, asked)
    try {
      return await answerOf(request, limits, asked)
    } catch (error) {
      asked.signal.throwIfAborted()
      const { code } = error as NodeJS.ErrnoException
      // An engine may close a kept connection in the moment in which it is used again: that says nothing of the engine, if it still listens.
      if (request.reusedSocket && (code === "ECONNRESET" || code === "EPIPE")) {
        hasBroken = true
        continue
      }
      throw error instanceof ReplicaLost
        ? error
        : lost(error, asked.name, hasBroken || (request.socket !== null && code !== "ECONNREFUSED"))
    }
  }
}

function start(agent: Agent, { replica, path, begin, rest, signal }: EngineRequest): ClientRequest {
  const request = startRequest({
    agent: replica.agent ?? agent,
    ...addressOf(replica.url),
    path,
    method: "POST",
    headers: {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(begin) + Buffer.byteLength(rest),
      accept: "text/event-stream, application/json",
      ...(replica.key === null ? {} : { authorization: `Bearer ${replica.key}` }),
    },
  })
  // The option 'signal' would do the same with a dozen listeners for each request.
  const abort = () => request.destroy(signal.reason)
  signal.addEventListener("abort", abort, { once: true })
  request.once("close", () => signal.removeEventListener("abort", abort))
  if (typeof rest === "string") request.end(begin + rest)
  else {
    request.write(begin)
    request.end(rest)
  }
  return request
}

const ADDRESSES = new Map<string, { readonly host: string; readonly port: string }>()
const MOST_ADDRESSES = 1_000

function addressOf(url: string): { readonly host: string; readonly port: string } {
  const known = ADDRESSES.get(url)
  if (known !== undefined) return known
  const { hostname, port, protocol } = new URL(url)
  if (protocol !== "http:") throw new TypeError(`An engine is reached by http, not ${protocol}`)
  const address = { host: hostname.replace(/^\[(.*)\]$/, "$1"), port }
  if (ADDRESSES.size >= MOST_ADDRESSES) ADDRESSES.clear()
  ADDRESSES.set(url, address)
  return address
}

function answerOf(
  request: ClientRequest,
  { connectMs, silenceMs }: GatewayLimits,
  { name }: EngineRequest,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const give = (reason: string, isSilent: boolean) => () => request.destroy(new ReplicaLost(reason, name, { isSilent }))
  let timer = setTimeout(give("its engine could not be reached in time", false), connectMs)
  const waitForAnswer = () => {
    clearTimeout(timer)
    timer = setTimeout(give("its engine has been silent for too long", true), silenceMs)
  }
  request.once("socket", (socket) => {
    if (socket.connecting) socket.once("connect", waitForAnswer)
    else waitForAnswer()
  })
  request.once("response", resolve)
  // Stays: the end of a request that is aborted later is an error, too.
  request.on("error", reject)
  return promise.finally(() => clearTimeout(timer))
}

/** @param isCut there was a connection by which it may have come to the engine */
function lost(error: unknown, name: string, isCut: boolean): ReplicaLost {
  const reason = isCut ? "the connection to its engine broke" : "its engine does not listen"
  return new ReplicaLost(reason, name, { cause: error, isCut })
}
