import type { IncomingMessage } from "node:http"
import { badRequest, GatewayProblem } from "../../gateway/gateway-problem.ts"
import { isDeeperThan, isWellFormed, type JsonObject, objectOf } from "../../gateway/json-object.ts"
import { decoded } from "./decoded-body.ts"
import type { GatewayLimits } from "./gateway-limits.ts"
import type { BodyHold, HeldBytes } from "./held-bytes.ts"

/** No schema of a tool is as deep. Programs that write JSON call themselves for each level, and engines are such. */
const DEEPEST = 128

const HALF_CHARACTER = /\\u[dD][89a-fA-F]/

/**
 * Reads a request's JSON. What it holds is added to `own` as it comes, also what more it is once it is unpacked; the caller takes it off again
 * in the end, in any case.
 * @param held of all requests
 * @throws {GatewayProblem} too_large, slow_client, busy, bad_request, wrong_encoding
 */
export async function readBody(
  request: IncomingMessage,
  limits: GatewayLimits,
  held: HeldBytes,
  own: BodyHold,
): Promise<JsonObject> {
  const most = limits.bodyBytes
  const tooLarge = () =>
    new GatewayProblem("too_large", `The request is larger than ${Math.floor(most / 1024 ** 2)} MiB`)
  if (Number(request.headers["content-length"] ?? 0) > most) throw tooLarge()
  const tooMany = () => new GatewayProblem("busy", "Too many large requests are under way", { retryAfterS: 5 })
  const chunks: Buffer[] = []
  let bytes = 0
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const slow = () => reject(new GatewayProblem("slow_client", "The request did not come whole in time"))
  const timer = setTimeout(slow, limits.bodyMs)
  const onData = (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
    own.add(chunk.length)
    if (bytes > most) reject(tooLarge())
    else if (held.bytes > limits.allBodiesBytes) reject(tooMany())
  }
  request.on("data", onData)
  request.once("end", resolve)
  request.once("error", reject)
  const onClose = () => reject(new GatewayProblem("bad_request", "The request was cut"))
  request.once("close", onClose)
  try {
    await promise
  } finally {
    clearTimeout(timer)
    request.off("data", onData).off("end", resolve).off("error", reject).off("close", onClose)
  }
  const sent = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  const unpacked = await decoded(sent, request.headers["content-encoding"], most)
  own.add(Math.max(0, unpacked.length - sent.length))
  if (held.bytes > limits.allBodiesBytes) throw tooMany()
  return parse(unpacked)
}

function parse(bytes: Uint8Array): JsonObject {
  let value: unknown
  let text: string
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    value = JSON.parse(text)
  } catch {
    throw badRequest("We could not parse the JSON body of your request: it is malformed")
  }
  const body = objectOf(value)
  if (body === undefined) throw badRequest("The body of the request must be a JSON object")
  if (isDeeperThan(body, DEEPEST)) throw badRequest(`The body of the request is nested deeper than ${DEEPEST} levels`)
  // Bytes that are UTF-8 have half a character as an escape only; engines answer to one with errors of their parsers.
  if (HALF_CHARACTER.test(text) && !isWellFormed(body))
    throw badRequest(
      "We could not parse the JSON body of your request: it has half of a character (a lone \\uD800 to \\uDFFF)",
    )
  return body
}
