import { request } from "node:http"
import type { Endpoint } from "../hive/engines/engine-adapter.ts"

const LONGEST_ANSWER = 4 * 1024 ** 2

export interface HeadAnswer {
  readonly status: number
  /** `null` where it is no JSON. */
  readonly body: unknown
}

/**
 * Asks the head. @returns `null` when nobody answers in time, or at all
 * @param body what to post; without it, it is a GET
 */
export function askHead(
  { address, port }: Endpoint,
  key: string,
  path: string,
  limitMs: number,
  body?: unknown,
): Promise<HeadAnswer | null> {
  const { promise, resolve } = Promise.withResolvers<HeadAnswer | null>()
  const text = body === undefined ? undefined : JSON.stringify(body)
  const asked = request({
    host: address,
    port,
    path,
    method: text === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${key}`, ...(text === undefined ? {} : { "content-type": "application/json" }) },
    signal: AbortSignal.timeout(limitMs),
    agent: false,
  })
  asked.on("error", () => resolve(null))
  asked.on("response", (response) => {
    let received = ""
    response.setEncoding("utf8")
    response.on("data", (piece: string) => {
      received += piece
      if (received.length > LONGEST_ANSWER) asked.destroy()
    })
    response.on("error", () => resolve(null))
    response.on("close", () => {
      if (!response.complete) resolve(null)
      else resolve({ status: response.statusCode ?? 0, body: parsed(received) })
    })
  })
  asked.end(text)
  return promise
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
