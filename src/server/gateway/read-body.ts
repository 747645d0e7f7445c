import type { IncomingMessage } from "node:http"
import { badRequest, GatewayProblem } from "../../gateway/gateway-problem.ts"
import { type JsonObject, objectOf } from "../../gateway/json-object.ts"
import type { GatewayLimits } from "./gateway-limits.ts"

/** What all requests under way hold. */
export interface HeldBytes {
  bytes: number
}

export interface ReadBody {
  readonly body: JsonObject
  readonly bytes: number
}

/**
 * Reads a request's JSON. What it holds is added to `held` as it comes; the caller takes it off again in the end, in any case.
 * @param count tells how much was added
 * @throws {GatewayProblem} too_large, slow_client, busy, bad_request
 */
export async function readBody(
  request: IncomingMessage,
  limits: GatewayLimits,
  held: HeldBytes,
  count: (bytes: number) => void,
): Promise<ReadBody> {
  const most = limits.bodyBytes
  const tooLarge = () =>
    new GatewayProblem("too_large", `The request is larger than ${Math.floor(most / 1024 ** 2)} MiB`)
  if (Number(request.headers["content-length"] ?? 0) > most) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const slow = () => reject(new GatewayProblem("slow_client", "The request did not come whole in time"))
  const timer = setTimeout(slow, limits.bodyMs)
  const onData = (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
    held.bytes += chunk.length
    count(chunk.length)
    if (bytes > most) reject(tooLarge())
    else if (held.bytes > limits.allBodiesBytes)
      reject(new GatewayProblem("busy", "Too many large requests are under way", { retryAfterS: 5 }))
  }
  request.on("data", onData)
  request.once("end", resolve)
  request.once("error", reject)
  request.once("close", () => reject(new GatewayProblem("bad_request", "The request was cut")))
  try {
    await promise
  } finally {
    clearTimeout(timer)
    request.off("data", onData)
  }
  return { body: parse(Buffer.concat(chunks)), bytes }
}

function parse(bytes: Uint8Array): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch {
    throw badRequest("We could not parse the JSON body of your request: it is malformed")
  }
  const body = objectOf(value)
  if (body === undefined) throw badRequest("The body of the request must be a JSON object")
  return body
}
