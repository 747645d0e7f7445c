import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2"
import { connect, type Socket } from "node:net"
import { WindfallError } from "../protocol/errors.ts"
import { HOST_KEY_HEADER, isSshKey } from "../protocol/tunnel.ts"
import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import type { PortAccess } from "./port-access.ts"
import { openSsh } from "./ssh-session.ts"
import { joinSocket } from "./tunnel-socket.ts"

export interface TunnelRouteOptions {
  readonly context: AgentContext
  readonly ports: PortAccess
}

/** How long one request waits for a port, and how often it is looked at: on a Mac a look costs two programs. */
const WAIT_MS = 1_500
const LOOK_MS = { linux: 100, darwin: 1_000 }
/**
 * Of one job at a time, and of all: the streams of a host share one connection. Between 160 and 190 of them it began to reset new
 * ones when 530 were opened at once; why is not known yet.
 */
const MAX_TUNNELS = 128
const MAX_TUNNELS_OF_HOST = 160
/** A process on this very host takes a connection at once, or its queue is full. */
const CONNECT_MS = 10_000

/**
 * Answers POST `/tunnels/PATH` (see AGENT_PATHS): makes the way first, answers 200 when it is there, then carries bytes until
 * both directions have ended or one side breaks.
 * @throws {WindfallError} invalid_input, wrong_state (the job ended, nothing of it listens), host_busy, host_refused
 */
export async function serveTunnel(path: string, stream: ServerHttp2Stream, options: TunnelRouteOptions): Promise<void> {
  const { context, ports } = options
  const wish = readPath(path)
  const attempt = findRunning(context, wish.sequence)
  if (attempt.tunnels >= MAX_TUNNELS) {
    throw new WindfallError("host_busy", `Cannot open a tunnel: ${MAX_TUNNELS} are open to this job already`)
  }
  const ofAll = [...context.attempts.values()].reduce((sum, { tunnels }) => sum + tunnels, 0)
  if (ofAll >= MAX_TUNNELS_OF_HOST) {
    throw new WindfallError("host_busy", `Cannot open a tunnel: ${ofAll} are open to jobs of this host already`)
  }
  attempt.tunnels++
  stream.once("close", () => attempt.tunnels--)
  if (wish.kind === "look") {
    await waitForPort(attempt, wish.port, stream, options)
    if (!stream.destroyed) stream.respond({ ":status": 200 }, { endStream: true })
    return
  }
  const headers = { ":status": 200, "content-type": "application/octet-stream" }
  if (wish.kind === "ssh") {
    const { socket, hostKey } = await openSsh(context, attempt, wish.key)
    respondAndJoin(stream, socket, { ...headers, [HOST_KEY_HEADER]: hostKey })
  } else {
    const socket = await connectFirst(await ports.addresses(attempt, wish.port), wish.port)
    respondAndJoin(stream, socket, headers)
  }
}

function respondAndJoin(stream: ServerHttp2Stream, socket: Socket, headers: OutgoingHttpHeaders): void {
  if (stream.destroyed) {
    socket.destroy()
    return
  }
  stream.respond(headers)
  joinSocket(stream, socket)
}

type Wish = { readonly sequence: number } & (
  | { readonly kind: "port" | "look"; readonly port: number }
  | { readonly kind: "ssh"; readonly key: string }
)

function readPath(path: string): Wish {
  const { pathname, searchParams } = new URL(path, "http://agent/")
  const [, sequence = "", kind, rest = "", look, more] = pathname.split("/")
  const port = Number(rest)
  const key = searchParams.get("key")
  if (/^\d{1,15}$/.test(sequence) && more === undefined) {
    if (kind === "ssh" && rest === "" && isSshKey(key)) return { sequence: Number(sequence), kind, key }
    const isPort = /^\d{1,5}$/.test(rest) && port >= 1 && port <= 65_535
    if (kind === "port" && isPort && (look === undefined || look === "look")) {
      return { sequence: Number(sequence), kind: look ?? kind, port }
    }
  }
  throw new WindfallError("invalid_input", `Cannot open a tunnel: ${JSON.stringify(path.slice(0, 80))} names none`)
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
