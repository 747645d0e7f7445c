import type { JsonObject } from "./json-object.ts"

/** How likely a request is the cause where an engine stands still: shapes to be held to may unfold without end, tools less so, and words hardly ever. */
export function stallWeight(body: JsonObject): number {
  const has = (...names: readonly string[]) => names.some((name) => body[name] !== undefined)
  return has("grammar", "json_schema", "response_format") ? 2 : has("tools", "chat_template_kwargs") ? 1 : 0
}
