import { type JsonObject, objectOf } from "./json-object.ts"

/** How likely a request is the cause where an engine stands still: shapes to be held to may unfold without end, tools less so, and words hardly ever. */
export function stallWeight(body: JsonObject): number {
  const has = (...names: readonly string[]) => names.some((name) => body[name] !== undefined)
  // Many clients always send a format: `text` is none, and any JSON unfolds to little.
  const isSchema = objectOf(body.response_format)?.type === "json_schema"
  if (isSchema || has("grammar", "json_schema")) return 2
  return has("tools", "chat_template_kwargs") ? 1 : 0
}
