import { orAborted } from "../../base/or-aborted.ts"
import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import type { BlamedRequests } from "./blamed-requests.ts"
import type { Replica } from "./served-models.ts"

/** Told to come again after so long, clients that try by themselves do not. */
const RETRY_MEMORY_S = 120
/** From the end of a connection until it is known why its engine ended: a host looks at what a job holds every second. */
const KNOWN_WITHIN_MS = 3_000

export interface EndedRequest {
  /** What the client calls the model. */
  readonly name: string
  readonly digest: string
  readonly blamed: BlamedRequests
  readonly signal: AbortSignal
}

/**
 * A request of which an engine may have ended is not brought to one after the other: it would take the model from everybody. Waits a moment for
 * it to be known why the engine ended.
 * @returns whether it is known to have ended of another request
 * @throws {GatewayProblem} not_ready, where it was for want of memory; broken, where it stood still with this request, or is the second one to end with it
 */
export async function keepFromOthers(
  { readings }: Replica,
  { name, digest, blamed, signal }: EndedRequest,
): Promise<boolean> {
  const verdict = readings === undefined ? null : await within(KNOWN_WITHIN_MS, readings.untilEnd, signal)
  if (verdict === null) return false
  const { end, only } = verdict
  const { how, why } = end
  if (how === "memory")
    throw new GatewayProblem(
      "not_ready",
      `The answer of ${name} was lost: ${why}. It is not asked for elsewhere, as this request may have been the cause: send a shorter one, or serve the model with less context or fewer slots`,
      { retryAfterS: RETRY_MEMORY_S },
    )
  if (how === "other") return false
  const problem = blamed.problemAfter(name, digest, end)
  if (problem !== undefined) throw problem
  return only !== null && only !== digest && blamed.problemAfter(name, only, end) !== undefined
}

/** @returns `null` where it is not there in time @throws the signal's reason */
async function within<T>(ms: number, work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const late = Promise.withResolvers<null>()
  const timer = setTimeout(late.resolve, ms, null)
  try {
    return await orAborted(Promise.race([work, late.promise]), signal)
  } finally {
    clearTimeout(timer)
  }
}
