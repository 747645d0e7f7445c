import { WindfallError } from "../protocol/errors.ts"
import { nodeTls } from "./builtin.ts"
import { fingerprintOf } from "./certificate-pin.ts"
import { NOT_PINNED, unreachable } from "./unreachable.ts"

const ANSWER_MS = 10_000

/**
 * Looks at the certificate a server shows and returns it, as PEM, if it is the one of this fingerprint. Nothing is said to
 * a server that shows another.
 * @param url with https
 * @throws {WindfallError} invalid_input for another scheme, server_unreachable
 */
export async function pinnedCertificate(url: string, fingerprint: string): Promise<string> {
  const { protocol, hostname, port } = new URL(url)
  if (protocol !== "https:") {
    throw new WindfallError("invalid_input", `Cannot check the certificate of ${url}: only https:// has one`, {
      hint: `Write ${url.replace(/^http:/, "https:")}`,
    })
  }
  const host = hostname.replace(/^\[|\]$/g, "")
  try {
    return await lookAt(host, port === "" ? 443 : Number(port), fingerprint)
  } catch (error) {
    throw unreachable(error, { url, token: "", fingerprint }, false)
  }
}

function lookAt(host: string, port: number, fingerprint: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // The check below takes the place of Node's; no byte but the handshake's is sent before it.
    const socket = nodeTls().connect({ host, port, rejectUnauthorized: false })
    socket.setTimeout(ANSWER_MS, () => socket.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })))
    socket.once("error", reject)
    socket.once("secureConnect", () => {
      const shown = socket.getPeerX509Certificate()
      socket.destroy()
      if (shown !== undefined && fingerprintOf(shown.raw) === fingerprint) resolve(shown.toString())
      else reject(Object.assign(new Error("another certificate"), { code: NOT_PINNED }))
    })
  })
}
