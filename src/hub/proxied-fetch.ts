import { Agent, request as plainRequest } from "node:http"
import { Agent as SecureAgent, request as secureRequest } from "node:https"
import { Readable } from "node:stream"
import type { ReadableStream } from "node:stream/web"
import { WindfallError } from "../protocol/errors.ts"

/** What asking a hub takes of `fetch`. */
export type HubFetch = (
  url: URL,
  init: {
    readonly method: "GET" | "HEAD"
    readonly headers: Readonly<Record<string, string>>
    readonly signal: AbortSignal
  },
) => Promise<Response>

/** An answer to HEAD, or one with such a status, has no body, and `Response` takes none. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * Asks by the proxies of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (small letters go before), as Node's own agents read them
 * (https://nodejs.org/api/http.html#built-in-proxy-support, since 24.5): hubs with https through a tunnel (CONNECT), so that the proxy sees no
 * token. `undefined` where neither is set: then `fetch` serves. Proxies are for hubs alone: what goes to hosts and engines is in the lab.
 * What is no proxy is told whoever asks (`invalid_input`), as a server has to start all the same.
 */
export function proxiedFetch(environment: Readonly<Record<string, string | undefined>>): HubFetch | undefined {
  const said = (name: string) => {
    const value = environment[name.toLowerCase()] || environment[name] || undefined
    // As curl and Python have it.
    return value !== undefined && /^[\w.-]+:\d+\/?$/.test(value) ? `http://${value}` : value
  }
  const proxyEnv = { HTTP_PROXY: said("HTTP_PROXY"), HTTPS_PROXY: said("HTTPS_PROXY"), NO_PROXY: said("NO_PROXY") }
  const bad = (["HTTP_PROXY", "HTTPS_PROXY"] as const).find((name) => !isProxy(proxyEnv[name]))
  if (bad !== undefined) return () => Promise.reject(noProxy(bad))
  if (proxyEnv.HTTP_PROXY === undefined && proxyEnv.HTTPS_PROXY === undefined) return undefined
  const agents = {
    "http:": new Agent({ keepAlive: true, proxyEnv }),
    "https:": new SecureAgent({ keepAlive: true, proxyEnv }),
  }
  return (url, { method, headers, signal }) =>
    new Promise((resolve, reject) => {
      const isSecure = url.protocol === "https:"
      const request = isSecure ? secureRequest : plainRequest
      const agent = isSecure ? agents["https:"] : agents["http:"]
      request(url, { method, headers, signal, agent }, (answer) => {
        const { statusCode = 502 } = answer
        const hasBody = method !== "HEAD" && !WITHOUT_BODY.has(statusCode)
        if (!hasBody) answer.resume()
        const body = hasBody ? (Readable.toWeb(answer) as ReadableStream<Uint8Array<ArrayBuffer>>) : null
        const pairs = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
          values.map((one): [string, string] => [name, one]),
        )
        resolve(new Response(body, { status: statusCode, headers: pairs }))
      })
        .on("error", reject)
        .end()
    })
}

function isProxy(value: string | undefined): boolean {
  return value === undefined || /^https?:$/.test(URL.parse(value)?.protocol ?? "")
}

/** It is not repeated: there may be a password in it. */
function noProxy(name: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot use ${name}: it is no address of a proxy with http or https`, {
    hint: "As in HTTPS_PROXY=http://proxy.example:3128, in the environment of windfall up",
  })
}
