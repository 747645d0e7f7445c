import { cacheBytes, type Serving } from "../fit/cache-bytes.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import type { ModelLoad } from "../split/model-load.ts"

/** Sums over the layers of a model. @param extraTokens what the engine keeps beyond a window */
export function layerSums(
  { layers }: ModelFacts,
  serving: Serving,
  extraTokens: number,
): Pick<ModelLoad, "layerCount" | "needUpTo" | "cacheBytes" | "readUpTo"> {
  const needUpTo = new Float64Array(layers.length + 1)
  const readUpTo = new Float64Array(layers.length + 1)
  let allCacheBytes = 0
  for (const [at, layer] of layers.entries()) {
    const kept = cacheBytes(layer, serving, extraTokens)
    allCacheBytes += kept
    needUpTo[at + 1] = (needUpTo[at] ?? 0) + layer.bytes + kept
    readUpTo[at + 1] = (readUpTo[at] ?? 0) + layer.activeBytes
  }
  return { layerCount: layers.length, needUpTo, cacheBytes: allCacheBytes, readUpTo }
}
