import type { ServerHttp2Stream } from "node:http2"
import { connect, type Socket } from "node:net"
import { WindfallError } from "../protocol/errors.ts"
import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import type { PortAccess } from "./port-access.ts"
import { joinSocket } from "./tunnel-socket.ts"

export interface TunnelRouteOptions {
  readonly context: AgentContext
  readonly ports: PortAccess
}

/** How long one request waits for a port, and how often it is looked at: on a Mac a look costs two programs. */
const WAIT_MS = 1_500
const LOOK_MS = { linux: 100, darwin: 1_000 }
/** A process on this very host takes a connection at once, or its queue is full. */
const CONNECT_MS = 10_000

/**
 * Answers POST `/tunnels/PATH` (see AGENT_PATHS): makes the way first, answers 200 when it is there, then carries bytes until
 * both directions have ended or one side breaks.
 * @throws {WindfallError} invalid_input, wrong_state (the job ended, nothing listens yet), not_allowed, host_busy
 */
export async function serveTunnel(path: string, stream: ServerHttp2Stream, options: TunnelRouteOptions): Promise<void> {
  const match = /^(\d{1,15})\/port\/(\d{1,5})(\/look)?$/.exec(path)
  const port = Number(match?.[2])
  if (match === null || port < 1 || port > 65_535) {
    throw new WindfallError("invalid_input", `Cannot open a tunnel: ${JSON.stringify(path.slice(0, 80))} names none`)
  }
  const attempt = findRunning(options.context, Number(match[1]))
  if (match[3] !== undefined) {
    await waitForPort(attempt, port, stream, options)
    if (stream.destroyed) return
    stream.respond({ ":status": 200 }, { endStream: true })
    return
  }
  const socket = await connectFirst(await options.ports.addresses(attempt, port), port)
  if (stream.destroyed) {
    socket.destroy()
    return
  }
  stream.respond({ ":status": 200, "content-type": "application/octet-stream" })
  joinSocket(stream, socket)
}

function findRunning({ attempts }: AgentContext, sequence: number): Attempt {
  const attempt = attempts.get(sequence)
  if (attempt?.adopted === true && isRunning(attempt)) return attempt
  throw new WindfallError("wrong_state", "Cannot open a tunnel: the job no longer runs on this host")
}

function isRunning({ status, phase }: Attempt): boolean {
  return status === null && phase !== "ended" && phase !== "lost"
}

async function waitForPort(
  attempt: Attempt,
  port: number,
  stream: ServerHttp2Stream,
  { context, ports }: TunnelRouteOptions,
): Promise<void> {
  const until = context.clock.monotonicMs() + WAIT_MS
  while (!stream.destroyed) {
    try {
      await ports.addresses(attempt, port)
      return
    } catch (error) {
      const isNotYet = error instanceof WindfallError && error.code === "wrong_state"
      if (!isNotYet || !isRunning(attempt) || context.clock.monotonicMs() > until) throw error
    }
    await context.clock.sleep(LOOK_MS[context.platform.system])
  }
}

async function connectFirst(addresses: readonly string[], port: number): Promise<Socket> {
  let reason = "nothing answers"
  for (const address of addresses) {
    try {
      return await connectTo(address, port)
    } catch (error) {
      reason = (error as Error).message
    }
  }
  throw new WindfallError("wrong_state", `Cannot connect to port ${port}: ${reason}`)
}

function connectTo(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true })
    const timer = setTimeout(() => socket.destroy(new Error("it takes no connections")), CONNECT_MS)
    socket.once("error", (error) => {
      clearTimeout(timer)
      reject(error)
    })
    socket.once("connect", () => {
      clearTimeout(timer)
      socket.removeAllListeners("error")
      resolve(socket)
    })
  })
}
