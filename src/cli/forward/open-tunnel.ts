import type WebSocket from "ws"
import { toWindfallError, type WindfallError } from "../../protocol/errors.ts"
import { MAX_TUNNEL_MESSAGE_BYTES } from "../../protocol/tunnel.ts"
import type { Login } from "../config.ts"
import { type ConnectedSocket, connectWebSocket } from "../connect-web-socket.ts"

/** An agent may wait for a port, or on a Mac look for it, for some seconds before it answers. */
const ANSWER_MS = 30_000

/** The way there may come back by itself. */
const PASSING = new Set(["server_unreachable", "host_unreachable", "link_lost"])

/** Whether a tunnel that could not be had now may be had in a moment. */
export function isPassing(thrown: unknown): boolean {
  return PASSING.has(toWindfallError(thrown, "open a tunnel").code)
}

/**
 * Opens a tunnel of a job; the socket is paused, for joinTunnel.
 * @param path what follows `/v1/jobs/ID/`
 * @throws {WindfallError} what the server or the agent says, or server_unreachable
 */
export function openTunnel(login: Login, job: number, path: string, signal: AbortSignal): Promise<ConnectedSocket> {
  return connectWebSocket(login, `/v1/jobs/${job}/${path}`, {
    doing: "open a tunnel",
    maxMessageBytes: MAX_TUNNEL_MESSAGE_BYTES,
    answerMs: ANSWER_MS,
    signal,
    isPlain: true,
  })
}

/** Resolves with `null` once a process of the job listens on the port, or with why that cannot be said. */
export async function lookAtPort(
  login: Login,
  job: number,
  port: number,
  signal: AbortSignal,
): Promise<WindfallError | null> {
  try {
    const { socket } = await openTunnel(login, job, `ports/${port}?look=true`, signal)
    await closed(socket)
    return null
  } catch (error) {
    signal.throwIfAborted()
    return toWindfallError(error, `look at port ${port}`)
  }
}

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve())
    socket.on("error", () => undefined)
    socket.resume()
    socket.close(1000)
  })
}
