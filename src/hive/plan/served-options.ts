import { WindfallError } from "../../protocol/errors.ts"
import { type ServeOptions, type ServeRequest, USUAL_IDLE_STOP_MS, USUAL_SLOTS } from "../../protocol/model-api.ts"
import { chooseEngine } from "../engines/choose-engine.ts"
import { cacheTypeProblem } from "../fit/cache-bytes.ts"
import { isWithoutCache, type ModelFacts } from "../model/model-facts.ts"
import { servedPurpose } from "../model/purpose.ts"
import { usualContextTokens } from "./usual-context.ts"

/**
 * How a model is served as asked, checked against what its headers say. Asked by the server, and before a model travels there.
 * @param before as it was served so far, which stays where nothing else is said
 * @throws {WindfallError} invalid_input
 */
export function servedOptions(
  name: string,
  facts: ModelFacts,
  asked: ServeRequest,
  before: ServeOptions | undefined,
): ServeOptions {
  // It follows from the files, which may be others now: what was served before says nothing of it.
  const { engine } = chooseEngine(facts, asked.engine ?? "auto", false)
  const kvBefore = engine === before?.engine ? before.kv : undefined
  const options: ServeOptions = {
    engine,
    replicas: asked.replicas ?? before?.replicas ?? 1,
    contextTokens: asked.contextTokens ?? before?.contextTokens ?? usualContextTokens(facts),
    slots: asked.slots ?? before?.slots ?? USUAL_SLOTS,
    kv: asked.kv ?? kvBefore ?? "f16",
    idleStopMs:
      asked.idleStopMs === 0
        ? null
        : (asked.idleStopMs ?? (before === undefined ? USUAL_IDLE_STOP_MS : before.idleStopMs)),
    pins: asked.pins ?? before?.pins ?? [],
    trustsNetwork: asked.trustsNetwork ?? before?.trustsNetwork ?? false,
    images: imagesOf(facts, name, asked, before),
    purpose: servedPurpose(facts),
    longestTokenBytes: facts.longestTokenBytes,
    knowsTools: facts.knowsTools,
  }
  if (facts.contextTokens !== null && options.contextTokens > facts.contextTokens) {
    throw refuse(
      name,
      `a context of ${options.contextTokens} tokens is more than the ${facts.contextTokens} it was made for`,
      `Ask for --context ${facts.contextTokens} or less`,
    )
  }
  if (engine === "mlx" && options.kv !== "f16")
    throw refuse(name, "mlx is given no quantised cache", "Leave out --kv, or ask for --kv f16")
  if (isWithoutCache(facts) && options.kv !== "f16")
    throw refuse(name, "it keeps no cache of what it reads", "Leave out --kv, or ask for --kv f16")
  const cacheProblem = cacheTypeProblem(facts, options.kv)
  if (cacheProblem !== null) throw refuse(name, cacheProblem, "Leave out --kv, or ask for --kv f16")
  return options
}

/** With images where its weights have them, unless somebody says, or has said of these weights, that it is to be without. */
function imagesOf(facts: ModelFacts, name: string, asked: ServeRequest, before: ServeOptions | undefined): boolean {
  const hasImages = facts.projector?.seesImages === true && facts.pooling === null
  if (asked.images === true && !hasImages)
    throw refuse(
      name,
      facts.format === "gguf" ? "its weights have no projector of images" : "mlx serves texts only",
      facts.format === "gguf" ? "Bring its mmproj file along: windfall model pull" : "Serve a GGUF of it by llama.cpp",
    )
  const usual = asked.data === null && before !== undefined ? before.images : true
  return hasImages && (asked.images ?? usual)
}

function refuse(name: string, reason: string, hint: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot serve ${name.slice(0, 64)}: ${reason}`, { hint })
}
