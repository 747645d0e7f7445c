import { anthropicMessages } from "../../gateway/anthropic-messages.ts"
import type { Dialect } from "../../gateway/dialect.ts"
import { openAiChat } from "../../gateway/openai-chat.ts"
import { openAiCompletions } from "../../gateway/openai-completions.ts"
import { openAiEmbeddings } from "../../gateway/openai-embeddings.ts"
import { openAiResponses } from "../../gateway/responses.ts"

/** What is at a path of the gateway. */
export type Place =
  | { readonly kind: "dialect"; readonly dialect: Dialect }
  | { readonly kind: "models" }
  | { readonly kind: "model"; readonly name: string }
  | { readonly kind: "unsupported"; readonly isAnthropic: boolean }

const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ["/v1/chat/completions", openAiChat],
  ["/v1/completions", openAiCompletions],
  ["/v1/embeddings", openAiEmbeddings],
  ["/v1/responses", openAiResponses],
  ["/v1/messages", anthropicMessages],
])

/** What clients of these dialects may ask for besides, and what is not to be had here (docs/gateway.md). `/v1/engines` itself is Windfall's own. */
const UNSUPPORTED =
  /^\/v1\/(responses|chat\/completions|edits|engines(?=\/)|audio|images|moderations|files|uploads|batches|fine_tuning|assistants|threads|vector_stores|realtime|rerank|conversations|evals|videos|containers)(\/|$)/
const UNSUPPORTED_ANTHROPIC = /^\/v1\/(messages\/|complete$)/

/**
 * What a request's URL leads to; `undefined` where it is none of the gateway's. Base URLs are written in many ways: `/v1` may be left out
 * or twice there, and slashes may be too many. A proxy's way of saying the whole URL is understood, too.
 */
export function placeOf(url: string): Place | undefined {
  const path = pathOf(url)
  const plain = path.replaceAll(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "")
  return placeAt(plain) ?? placeAt(plain.startsWith("/v1/v1/") ? plain.slice("/v1".length) : withVersion(plain))
}

/** Nothing of the gateway is asked for by a WebSocket: what offers one is an ordinary request there (RFC 9110, 7.8). */
export function takesSockets({ url }: { readonly url?: string | undefined }): boolean {
  return placeOf(url ?? "") === undefined
}

/** By which methods what is there can be asked; OPTIONS besides. */
export function methodsOf({ kind }: Place): readonly string[] {
  if (kind === "unsupported") return ["GET", "POST", "DELETE"]
  return kind === "dialect" ? ["POST"] : ["GET", "HEAD"]
}

/** The path of a request's URL, without the query. */
export function pathOf(url: string): string {
  return url.split("?", 1)[0]!.replace(/^https?:\/\/[^/]*/i, "")
}

/** Only what is a dialect's, or the list of models: below other names without `/v1` there may be pages. */
function withVersion(path: string): string {
  const whole = `/v1${path}`
  return DIALECTS.has(whole) || path === "/models" ? whole : ""
}

function placeAt(path: string): Place | undefined {
  const dialect = DIALECTS.get(path)
  if (dialect !== undefined) return { kind: "dialect", dialect }
  if (path === "/v1/models") return { kind: "models" }
  if (path.startsWith("/v1/models/")) return { kind: "model", name: decoded(path.slice("/v1/models/".length)) }
  if (UNSUPPORTED_ANTHROPIC.test(path)) return { kind: "unsupported", isAnthropic: true }
  return UNSUPPORTED.test(path) ? { kind: "unsupported", isAnthropic: false } : undefined
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
