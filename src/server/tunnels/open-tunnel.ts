import { constants } from "node:http2"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { WebSocket } from "ws"
import { HOST_KEY_HEADER, isSshKey, joinTunnel } from "../../protocol/tunnel.ts"
import type { Core } from "../core.ts"
import type { HostTunnel } from "../hosts/host-channel.ts"
import { type Caller, reachAttempt } from "../terminals/reach-attempt.ts"
import type { TunnelRequest } from "./tunnel-request.ts"

/** A tunnel whose far end is there: what the answer to the client says besides, and what carries its bytes. */
export interface OpenedTunnel {
  readonly headers: readonly string[]
  readonly join: (socket: WebSocket) => void
}

const CLOSE_ENDED = 1000
/** A client that does not answer the system's own looks is gone. None of WebSocket's: who is held back reads no pings. */
const KEEP_ALIVE_MS = 15_000

/**
 * Makes the way from this server to a job's host. It is given up when the client goes meanwhile.
 * @throws {WindfallError} job_not_found, not_allowed, wrong_state, host_unreachable, link_lost
 */
export async function openTunnel(
  core: Pick<Core, "table" | "fleet" | "signal">,
  request: TunnelRequest,
  caller: Caller,
  client: Duplex,
): Promise<OpenedTunnel> {
  const { job, kind } = request
  const to = kind === "ssh" ? `open ssh to job ${job}` : `reach port ${request.port} of job ${job}`
  const { channel, sequence } = reachAttempt(core, { job, to, whileFinishing: false }, caller)
  const gone = new AbortController()
  const onClose = () => gone.abort()
  client.once("close", onClose)
  try {
    const path = `${sequence}/${pathOf(request)}`
    const tunnel = await channel.openTunnel(path, { signal: AbortSignal.any([core.signal, gone.signal]) })
    const hostKey = tunnel.headers[HOST_KEY_HEADER]
    return {
      headers: isSshKey(hostKey) ? [`${HOST_KEY_HEADER}: ${hostKey}`] : [],
      join: (socket) => (kind === "look" ? endLook(socket, tunnel) : join(socket, client, tunnel)),
    }
  } finally {
    client.off("close", onClose)
  }
}

function pathOf(request: TunnelRequest): string {
  if (request.kind === "ssh") return `ssh?key=${encodeURIComponent(request.key)}`
  return `port/${request.port}${request.kind === "look" ? "/look" : ""}`
}

function endLook(socket: WebSocket, { stream }: HostTunnel): void {
  stream.resume()
  stream.end()
  socket.close(CLOSE_ENDED)
}

function join(socket: WebSocket, client: Duplex, { stream }: HostTunnel): void {
  const connection = client as Partial<Socket>
  connection.setKeepAlive?.(true, KEEP_ALIVE_MS)
  void joinTunnel(socket, stream, {
    isWhole: () => stream.rstCode === constants.NGHTTP2_NO_ERROR,
    // Not close(): that sends an end before it resets.
    breakOff: () => stream.destroy(new Error("the client broke off")),
  })
}
