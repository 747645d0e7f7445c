import { WindfallError } from "../protocol/errors.ts"
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

/** OpenSSL's verdicts, as Node names them. */
function certificateProblem(code: string, error: TlsError, login: Login): Problem | undefined {
  const { url, ca } = login
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
  return ca === undefined
    ? {
        reason: "nobody this machine trusts has signed its certificate",
        hint: "Log in with the authority that signed it, or with the certificate itself: windfall login URL --ca FILE",
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

/** What Node's TLS is to trust. A certificate is enough for itself: it need not be an authority's. */
export function trustOf({ ca }: Login): { ca?: string; allowPartialTrustChain?: true } {
  return ca === undefined ? {} : { ca, allowPartialTrustChain: true }
}
