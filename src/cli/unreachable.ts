import type { ConnectionOptions } from "node:tls"
import { WindfallError } from "../protocol/errors.ts"
import { fingerprintOf } from "./certificate-pin.ts"
import type { Login } from "./config.ts"

/**
 * Why the server did not answer, in words and with what to do, from the error of a connection. Other errors come back as
 * they are.
 * @param wasReached whether it answered before, so that the address is right
 * @param startLine what starts that server, where it is known
 */
export function unreachable(error: unknown, login: Login, wasReached: boolean, startLine = "windfall up"): unknown {
  const code = (error as { code?: unknown } | null)?.code
  if (error instanceof WindfallError || typeof code !== "string") return error
  const { reason, hint } =
    certificateProblem(code, error as TlsError, login) ??
    connectionProblem(code, error as Error, login, { wasReached, startLine })
  const at = login.url.replace(/\/$/, "")
  return new WindfallError("server_unreachable", `Cannot reach the server at ${at}: ${reason}`, { hint, cause: error })
}

interface Problem {
  readonly reason: string
  readonly hint: string
}

interface TlsError extends Error {
  readonly cert?: { readonly subjectaltname?: string; readonly subject?: { readonly CN?: string } }
}

/** What is said of a certificate that is not the pinned one; a code like those of Node. */
export const NOT_PINNED = "ERR_CERT_NOT_PINNED"

/** OpenSSL's verdicts, as Node names them. */
function certificateProblem(code: string, error: TlsError, login: Login): Problem | undefined {
  const { url, ca, fingerprint } = login
  const { hostname } = new URL(url)
  switch (code) {
    case "ERR_TLS_CERT_ALTNAME_INVALID": {
      const names = error.cert?.subjectaltname ?? error.cert?.subject?.CN ?? "nobody"
      return {
        reason: `its certificate is not for ${hostname} but for ${names.replaceAll(/(DNS|IP Address):/g, "")}`,
        hint: "Log in by a name that the certificate has: windfall login https://NAME:PORT",
      }
    }
    case "CERT_HAS_EXPIRED":
      return {
        reason: "its certificate has expired",
        hint: "Who runs the server must renew it and start the server with the new one; or is this machine's clock wrong?",
      }
    case "CERT_NOT_YET_VALID":
      return { reason: "its certificate is not valid yet", hint: "Is the clock of this machine right?" }
    case "EPROTO":
      if (!/wrong version number|packet length/i.test(error.message)) return undefined
      return { reason: "it does not speak TLS", hint: `It has no certificate: windfall login ${asHttp(url)}` }
  }
  if (!/CERT|SIGNATURE|ISSUER|SELF_SIGNED/.test(code)) return undefined
  if (fingerprint !== undefined) {
    return {
      reason: `its certificate is not the one of ${fingerprint}`,
      hint: "Do not go on if nobody set the server up anew: somebody may be in between. Else ask who runs it for the fingerprint, which windfall up shows, then: windfall login URL --fingerprint SHA256:...",
    }
  }
  return ca === undefined
    ? {
        reason: "nobody this machine trusts has signed its certificate",
        hint: "Ask who runs it for its fingerprint, which windfall up shows: windfall login URL --fingerprint SHA256:...   or for its authority's certificate: windfall login URL --ca FILE",
      }
    : {
        reason: "its certificate is not signed by the authority you logged in with",
        hint: "Ask who runs the server for the authority's certificate, then: windfall login URL --ca FILE",
      }
}

interface Known {
  readonly wasReached: boolean
  readonly startLine: string
}

function connectionProblem(code: string, error: Error, { url }: Login, { wasReached, startLine }: Known): Problem {
  const reason = reasonOf(code, error)
  if (wasReached) return { reason, hint: "It answered a moment ago: is it being restarted? Try again." }
  const mayBeTls = (code === "ECONNRESET" || code === "EPIPE") && url.startsWith("http:")
  return {
    reason,
    hint: mayBeTls
      ? `Has it a certificate? Then: windfall login ${url.replace(/^http:/, "https:")}`
      : `Start it with: ${startLine}   or log in to another one: windfall login URL`,
  }
}

function reasonOf(code: string, error: Error): string {
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there"
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the name is not known"
    case "ETIMEDOUT":
      return "no answer"
    case "ECONNRESET":
    case "EPIPE":
      return "the connection broke"
    default:
      return error.message === "" ? code : error.message
  }
}

function asHttp(url: string): string {
  return url.replace(/^https:/, "http:")
}

/**
 * What Node's TLS is to trust. A certificate is enough for itself: it need not be an authority's. A pinned one counts by
 * its key, not by the names in it.
 */
export function trustOf({ ca, fingerprint }: Login): Trust {
  if (ca === undefined) return {}
  const trust = { ca, allowPartialTrustChain: true } as const
  if (fingerprint === undefined) return trust
  const checkServerIdentity: Trust["checkServerIdentity"] = (_, { raw }) =>
    fingerprintOf(raw) === fingerprint
      ? undefined
      : Object.assign(new Error("another certificate"), { code: NOT_PINNED })
  return { ...trust, checkServerIdentity }
}

type Trust = Pick<ConnectionOptions, "ca" | "allowPartialTrustChain" | "checkServerIdentity">
