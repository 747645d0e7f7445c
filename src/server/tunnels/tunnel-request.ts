import { WindfallError } from "../../protocol/errors.ts"
import type { JobId } from "../../protocol/ids.ts"
import { readQuery } from "../api/query.ts"
import { portQuery } from "../api/terminal-sockets.ts"

/** What a client asks for in the URL of a tunnel's WebSocket. */
export interface TunnelRequest {
  readonly job: JobId
  readonly port: number
  /** Only wait for the port to be there. */
  readonly look: boolean
}

const ROUTE = /^\/v1\/jobs\/(\d{1,15})\/ports\/(\d{1,5})$/

/** Reads the URL of a WebSocket request; `null` for one that is no tunnel's. @throws {WindfallError} invalid_input */
export function readTunnelRequest(url: string): TunnelRequest | null {
  const { pathname, searchParams } = new URL(url, "http://windfall")
  const match = ROUTE.exec(pathname)
  if (match === null) return null
  const { look = "false" } = readQuery(searchParams, Object.keys(portQuery.shape))
  if (look !== "true" && look !== "false") {
    throw new WindfallError("invalid_input", "Cannot open a tunnel: the query parameter look must be true or false")
  }
  const port = Number(match[2])
  if (port < 1 || port > 65_535) {
    throw new WindfallError("invalid_input", `Cannot open a tunnel: ${port} is no port, they go from 1 to 65535`)
  }
  return { job: Number(match[1]) as JobId, port, look: look === "true" }
}
