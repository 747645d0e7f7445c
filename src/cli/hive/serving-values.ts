import { CACHE_TYPES, type CacheType, type EngineKind } from "../../protocol/model-api.ts"

/** "32k" is 32,768, as models count. @throws {SyntaxError} */
export function readTokens(typed: string): number {
  const match = /^(\d+(?:\.\d+)?)([km]?)$/i.exec(typed.trim())
  const unit = { "": 1, k: 1024, m: 1024 ** 2 }[match?.[2]?.toLowerCase() ?? ""] ?? 1
  const tokens = Math.round(Number(match?.[1]) * unit)
  if (match === null || !Number.isSafeInteger(tokens) || tokens < 1)
    throw new SyntaxError(`"${typed}" is no number of tokens: write for instance 8192 or 32k`)
  return tokens
}

/** @throws {SyntaxError} */
export function readCountTo(typed: string, most: number): number {
  const count = Number(typed)
  if (/^\d+$/.test(typed) && count >= 1 && count <= most) return count
  throw new SyntaxError(`"${typed}" is no whole number from 1 to ${most}`)
}

/** @throws {SyntaxError} */
export function readCacheType(typed: string): CacheType {
  const kv = CACHE_TYPES.find((one) => one === typed.toLowerCase())
  if (kv === undefined) throw new SyntaxError(`"${typed}" is none of ${CACHE_TYPES.join(", ")}`)
  return kv
}

/** @throws {SyntaxError} */
export function readEngine(typed: string): EngineKind | "auto" {
  const engine = (
    { auto: "auto", "llama.cpp": "llama.cpp", llamacpp: "llama.cpp", llama: "llama.cpp", mlx: "mlx" } as const
  )[typed.toLowerCase() as "auto"]
  if (engine === undefined) throw new SyntaxError(`"${typed}" is none of auto, llama.cpp, mlx`)
  return engine
}
