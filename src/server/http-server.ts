import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { type AddressInfo, isIP } from "node:net"
import { getRequestListener } from "@hono/node-server"
import { WindfallError } from "../protocol/errors.ts"
import { type Certificate, isLoopback, nameForUrl } from "./certificate.ts"

export interface Listening {
  /** `null`: all addresses of this machine, by the name in `name`. */
  readonly host: string | null
  /** What others are to call it by. @default the address, or a name of its certificate */
  readonly name?: string
  /** 0 takes a free one. */
  readonly port: number
  /** Without one only loopback may be bound. */
  readonly tls: Certificate | null
}

/** @throws {WindfallError} unsafe_bind for an address others can reach, without TLS */
export function checkBind({ host, tls }: Listening): void {
  if (tls !== null || (host !== null && isLoopback(host))) return
  const where = host ?? "all addresses"
  throw new WindfallError("unsafe_bind", `Cannot listen on ${where}: tokens would cross the network unencrypted`, {
    hint: "Use --lan, which makes a certificate, or give --tls-cert and --tls-key",
  })
}

/** Answers a request itself, or says that it is not its. */
export type Before = (request: IncomingMessage, response: ServerResponse) => boolean

/**
 * Listens and returns the server with its URL.
 * @param before is asked before `fetch`
 * @param hasSockets whether a WebSocket may be asked for with such a request
 */
export async function listen(
  listening: Listening,
  fetch: (request: Request, env: object) => Promise<Response> | Response,
  before: Before = () => false,
  hasSockets: (request: IncomingMessage) => boolean = () => true,
): Promise<{ server: Server; url: string }> {
  checkBind(listening)
  const { host, port, tls } = listening
  const address = host ?? "localhost"
  const name = listening.name ?? (tls === null ? address : nameForUrl(tls.cert, address))
  const answer = getRequestListener(fetch)
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    if (!before(request, response)) void answer(request, response)
  }
  // Some clients offer HTTP/2 with their first request (`Upgrade: h2c`, Java's own among them): what is not known here is passed over (RFC 9110, 7.8).
  const shouldUpgradeCallback = (request: IncomingMessage) =>
    request.headers.upgrade?.toLowerCase() === "websocket" && hasSockets(request)
  const server =
    tls === null
      ? createServer({ shouldUpgradeCallback }, handle)
      : createTlsServer({ cert: tls.cert, key: tls.key, shouldUpgradeCallback }, handle)
  // Uploads and followed logs take as long as they take; idle connections of the command line stay for the next command.
  server.requestTimeout = 0
  server.keepAliveTimeout = 65_000
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen({ port, ...(host === null ? {} : { host }) }, () => {
      server.off("error", reject)
      resolve()
    })
  }).catch((cause: NodeJS.ErrnoException) => {
    const taken = cause.code === "EADDRINUSE"
    const reason = taken ? "something listens there already" : cause.message
    throw new WindfallError(
      "invalid_input",
      `Cannot listen on ${host === null ? "port " : `${host}:`}${port}: ${reason}`,
      {
        hint: taken ? "Is a server running already? Choose another port with --port" : undefined,
        cause,
      },
    )
  })
  const bound = (server.address() as AddressInfo).port
  return { server, url: `${tls === null ? "http" : "https"}://${isIP(name) === 6 ? `[${name}]` : name}:${bound}` }
}
