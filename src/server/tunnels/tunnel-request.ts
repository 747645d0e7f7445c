import { WindfallError } from "../../protocol/errors.ts"
import type { JobId } from "../../protocol/ids.ts"
import { isSshKey } from "../../protocol/tunnel.ts"
import { readQuery } from "../api/query.ts"
import { portQuery, sshQuery } from "../api/terminal-sockets.ts"

/** What a client asks for in the URL of a tunnel's WebSocket; `look`: only whether the port is there. */
export type TunnelRequest = { readonly job: JobId } & (
  | { readonly kind: "port" | "look"; readonly port: number }
  | { readonly kind: "ssh"; readonly key: string }
)

const ROUTE = /^\/v1\/jobs\/(\d{1,15})\/(?:(ssh)|ports\/(\d{1,5}))$/

/** Reads the URL of a WebSocket request; `null` for one that is no tunnel's. @throws {WindfallError} invalid_input */
export function readTunnelRequest(url: string): TunnelRequest | null {
  const { pathname, searchParams } = new URL(url, "http://windfall")
  const match = ROUTE.exec(pathname)
  if (match === null) return null
  const job = Number(match[1]) as JobId
  if (match[2] === "ssh") {
    const { key } = readQuery(searchParams, Object.keys(sshQuery.shape))
    if (!isSshKey(key)) throw invalid("the query parameter key must be a public key: ssh-ed25519 AAAA...")
    return { job, kind: "ssh", key }
  }
  const { look = "false" } = readQuery(searchParams, Object.keys(portQuery.shape))
  if (look !== "true" && look !== "false") throw invalid("the query parameter look must be true or false")
  const port = Number(match[3])
  if (port < 1 || port > 65_535) throw invalid(`${port} is no port, they go from 1 to 65535`)
  return { job, kind: look === "true" ? "look" : "port", port }
}

function invalid(reason: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot open a tunnel: ${reason}`)
}
