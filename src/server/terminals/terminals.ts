import { type IncomingMessage, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { type WebSocket, WebSocketServer } from "ws"
import type { Role } from "../../protocol/api.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import { MAX_TUNNEL_MESSAGE_BYTES } from "../../protocol/tunnel.ts"
import type { Core } from "../core.ts"
import { openTunnel } from "../tunnels/open-tunnel.ts"
import { readTunnelRequest } from "../tunnels/tunnel-request.ts"
import { joinTerminal } from "./join-terminal.ts"
import { findTerminalTarget, readTerminalRequest } from "./terminal-target.ts"

export interface TerminalsOptions {
  readonly core: Pick<Core, "table" | "fleet" | "followers" | "signal">
  /** Who sends this `Authorization` header. @throws {WindfallError} not_logged_in, token_expired */
  readonly authenticate: (
    authorization: string | undefined,
  ) => { readonly user: string; readonly role: Role } | Promise<{ readonly user: string; readonly role: Role }>
}

/** The WebSockets of terminals and tunnels. */
export interface Terminals {
  /** For the HTTP server's `upgrade` event. What is refused is answered like any request of the API. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** How many are open. */
  readonly count: number
  /** Cuts all; what runs in them runs on, and their clients come back when a server is there again. */
  close(): void
}

/** WebSocket close codes: the server goes away; the token is no longer good. */
const CLOSE_GOING_AWAY = 1001
const CLOSE_REFUSED = 1008
/** How long an expired token keeps a terminal at most; a revoked one does not keep it. */
const LOOK_MS = 15_000

export function createTerminals({ core, authenticate }: TerminalsOptions): Terminals {
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_TUNNEL_MESSAGE_BYTES, perMessageDeflate: false })

  const accept = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until ws takes it over, a client that hangs up must not be an unhandled error.
    const onError = () => undefined
    socket.on("error", onError)
    try {
      const user = await authenticate(request.headers.authorization)
      const tunnel = readTunnelRequest(request.url ?? "/")
      if (tunnel !== null) {
        const { headers, join } = await openTunnel(core, tunnel, user, socket)
        const send = (lines: string[]) => lines.push(...headers)
        server.once("headers", send)
        server.handleUpgrade(request, socket, head, (webSocket) => {
          socket.off("error", onError)
          join(webSocket)
          keepChecking(webSocket, request.headers.authorization)
        })
        server.off("headers", send)
        return
      }
      const wanted = readTerminalRequest(request.url ?? "/")
      if (wanted === null)
        throw new WindfallError("route_not_found", "Cannot open this WebSocket: there is no such route", {
          hint: "GET /v1/openapi.json lists all routes",
        })
      const { channel, path } = findTerminalTarget(core, wanted, user)
      server.handleUpgrade(request, socket, head, (webSocket) => {
        socket.off("error", onError)
        joinTerminal(webSocket, channel.openTerminal(path, { signal: core.signal }))
        keepChecking(webSocket, request.headers.authorization)
      })
    } catch (thrown) {
      refuse(socket, toWindfallError(thrown, "open a terminal"))
    }
  }

  const keepChecking = (webSocket: WebSocket, authorization: string | undefined) => {
    const check = async () => authenticate(authorization)
    const look = () => void check().catch(() => webSocket.close(CLOSE_REFUSED))
    const timer = setInterval(look, LOOK_MS)
    const unlisten = core.followers.onAccounts(look)
    webSocket.once("close", () => {
      clearInterval(timer)
      unlisten()
    })
  }

  return {
    upgrade: (request, socket, head) => void accept(request, socket, head),
    get count() {
      return server.clients.size
    },
    close() {
      for (const client of server.clients) {
        client.close(CLOSE_GOING_AWAY)
        setTimeout(() => client.terminate(), 200).unref()
      }
      server.close()
    },
  }
}

function refuse(socket: Duplex, error: WindfallError): void {
  const body = JSON.stringify(error.toBody())
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? "Refused"}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`)
}
