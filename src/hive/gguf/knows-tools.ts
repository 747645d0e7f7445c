import { namesTools } from "../model/names-tools.ts"
import type { GgufHeader } from "./read-gguf.ts"

const TEMPLATE = "tokenizer.chat_template"

/**
 * Whether one of a model's chat templates (there may be one of its own for tools, `tokenizer.chat_template.tool_use`) names `tools`, by which alone llama.cpp gives them to it. To one that does
 * not, and where there is none, calls that are asked for are words as any: llama.cpp answers with a text then.
 */
export function knowsTools({ metadata }: Pick<GgufHeader, "metadata">): boolean {
  return Object.entries(metadata).some(
    ([key, value]) => key.startsWith(TEMPLATE) && typeof value === "string" && namesTools(value),
  )
}
