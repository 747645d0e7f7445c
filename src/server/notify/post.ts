import { type LookupAddress, type LookupOptions, lookup } from "node:dns"
import { request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"
import { isIP, type LookupFunction } from "node:net"
import { isPrivateAddress } from "./private-address.ts"

/** What is sent to a target. */
export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface PostOptions {
  /** Whether machines of the server's own network may be told. */
  readonly allowPrivate: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** How it went. Redirects are not followed: an answer like any other that is not 2xx. */
export interface PostAnswer {
  readonly status: number
  /** What the target asks to wait before the next try, in milliseconds; `null` when it does not say. */
  readonly retryAfterMs: number | null
}

/**
 * Posts to a target, on a connection of its own. Where its name leads is looked at as it is connected to, so that no name can
 * lead elsewhere afterwards. Of the answer nothing but status and Retry-After is looked at: nobody learns through this what a
 * machine answers.
 * @throws {Error} saying why it could not be delivered, without the address
 */
export function post(what: Post, { allowPrivate, timeoutMs, signal }: PostOptions): Promise<PostAnswer> {
  const url = new URL(what.url)
  const isClear = url.protocol === "http:"
  const check = (address: string) => {
    const isNear = isPrivateAddress(address)
    if (isNear && !allowPrivate)
      throw new Error(`${url.hostname} leads into the server's own network, which is not allowed`)
    if (!isNear && isClear) throw new Error(`${url.hostname} is not on the server's own network: it takes https`)
  }
  return new Promise((resolve, reject) => {
    const literal = url.hostname.replace(/^\[|\]$/g, "")
    if (isIP(literal) !== 0) check(literal)
    const limit = AbortSignal.timeout(timeoutMs)
    const request = (isClear ? httpRequest : httpsRequest)(url, {
      method: "POST",
      agent: false,
      headers: { ...what.headers, "content-length": Buffer.byteLength(what.body) },
      lookup: checkedLookup(check),
      signal: AbortSignal.any([signal, limit]),
    })
    request.on("response", (response) => {
      resolve({ status: response.statusCode ?? 0, retryAfterMs: secondsToMs(response.headers["retry-after"]) })
      // A long answer is nobody's business.
      response.destroy()
    })
    request.on("error", (error) => {
      reject(limit.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`) : error)
    })
    request.end(what.body)
  })
}

function checkedLookup(check: (address: string) => void): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...(options as LookupOptions), all: true }, (error, found: LookupAddress[]) => {
      try {
        if (error !== null) throw error
        for (const { address } of found) check(address)
      } catch (refused) {
        callback(refused as NodeJS.ErrnoException, [])
        return
      }
      const [first] = found
      if (options.all === true || first === undefined) callback(null, found)
      else callback(null, first.address, first.family)
    })
  }
}

function secondsToMs(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : null
}
