import { badRequest } from "./gateway-problem.ts"
import { type JsonObject, objectOf, textOf } from "./json-object.ts"

/**
 * The messages of Anthropic's dialect as those of a chat. Results of tools become messages of their own, before what else the
 * user said; earlier thinking is left out, as chat templates want it.
 * @throws {GatewayProblem} bad_request
 */
export function toChatMessages(system: unknown, messages: unknown): JsonObject[] {
  if (!Array.isArray(messages) || messages.length === 0)
    throw badRequest("messages: at least one message is required", "messages")
  const chat: JsonObject[] = []
  const told = systemText(system)
  if (told !== "") chat.push({ role: "system", content: told })
  for (const [index, each] of messages.entries()) {
    const at = `messages.${index}`
    const message = objectOf(each)
    if (message?.role === "user") chat.push(...userMessages(message.content, at))
    else if (message?.role === "assistant") chat.push(assistantMessage(message.content, at))
    else if (message?.role === "system") addSystem(chat, textOfBlocks(message.content, at))
    else throw badRequest(`${at}.role: must be user, assistant or system`, at)
  }
  return chat
}

function systemText(system: unknown): string {
  return system === undefined || system === null ? "" : textOfBlocks(system, "system")
}

function textOfBlocks(content: unknown, at: string): string {
  return blocksOf(content, at)
    .map((block, index) => {
      if (block.type !== "text") throw badRequest(`${at}.${index}.type: must be text`, at)
      return String(block.text ?? "")
    })
    .join("\n")
}

/**
 * What the system says in the midst of a conversation, as Claude Code sends it: at its beginning it is the system's word to chat templates, too.
 * Later many of them know no such word, or end at one, so it is a marked part of what the user said there, as that client has it by itself
 * elsewhere.
 */
function addSystem(chat: JsonObject[], text: string): void {
  const last = chat.at(-1)
  if (last === undefined) chat.push({ role: "system", content: text })
  else if (last.role === "system") chat[chat.length - 1] = { ...last, content: `${String(last.content)}\n${text}` }
  else {
    const marked = `<system-reminder>\n${text}\n</system-reminder>`
    if (last.role !== "user") chat.push({ role: "user", content: marked })
    else if (Array.isArray(last.content)) last.content.push({ type: "text", text: marked })
    else chat[chat.length - 1] = { ...last, content: `${String(last.content)}\n${marked}` }
  }
}

/** A text is a block of it. */
function blocksOf(content: unknown, at: string): JsonObject[] {
  if (typeof content === "string") return [{ type: "text", text: content }]
  if (!Array.isArray(content)) throw badRequest(`${at}.content: must be a text or a list of blocks`, at)
  return content.map((each, index) => {
    const block = objectOf(each)
    if (block === undefined) throw badRequest(`${at}.content.${index}: must be an object`, at)
    if (block.type === "text" && typeof block.text !== "string")
      throw badRequest(`${at}.content.${index}.text: must be a text`, at)
    return block
  })
}

function userMessages(content: unknown, at: string): JsonObject[] {
  const results: JsonObject[] = []
  const parts: JsonObject[] = []
  for (const block of blocksOf(content, at)) {
    if (block.type === "tool_result") results.push(toolResult(block, parts, at))
    else parts.push(userPart(block, at))
  }
  return parts.length === 0 && results.length > 0 ? results : [...results, { role: "user", content: plainOr(parts) }]
}

/** Pictures in a result go into the user's message that follows: a tool's has text only. */
function toolResult(block: JsonObject, pictures: JsonObject[], at: string): JsonObject {
  if (typeof block.tool_use_id !== "string") throw badRequest(`${at}: a tool_result needs its tool_use_id`, at)
  const texts: string[] = []
  const content = block.content === undefined || block.content === null ? "" : block.content
  for (const each of blocksOf(content, at)) {
    if (each.type === "text") texts.push(String(each.text))
    else pictures.push(userPart(each, at))
  }
  const text = texts.join("\n")
  return { role: "tool", tool_call_id: block.tool_use_id, content: block.is_error === true ? `Error: ${text}` : text }
}

function userPart(block: JsonObject, at: string): JsonObject {
  if (block.type === "text") return { type: "text", text: block.text }
  if (block.type !== "image")
    throw badRequest(`${at}: blocks of type "${String(block.type).slice(0, 40)}" are not supported`, at)
  const source = objectOf(block.source)
  const media = textOf(source?.media_type)
  if (source?.type !== "base64" || media === undefined || !/^image\/[a-z0-9.+-]+$/i.test(media))
    throw badRequest(`${at}: images must be sent as base64: no others are fetched`, at)
  return { type: "image_url", image_url: { url: `data:${media};base64,${String(source.data)}` } }
}

function plainOr(parts: JsonObject[]): unknown {
  return parts.every(({ type }) => type === "text") ? parts.map(({ text }) => text).join("\n") : parts
}

function assistantMessage(content: unknown, at: string): JsonObject {
  const texts: string[] = []
  const calls: JsonObject[] = []
  for (const block of blocksOf(content, at)) {
    if (block.type === "text") texts.push(String(block.text))
    else if (block.type === "tool_use") calls.push(toolCall(block, at))
    else if (block.type !== "thinking" && block.type !== "redacted_thinking")
      throw badRequest(`${at}: blocks of type "${String(block.type).slice(0, 40)}" are not supported`, at)
  }
  const text = texts.join("\n")
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
}

function toolCall(block: JsonObject, at: string): JsonObject {
  if (typeof block.id !== "string" || typeof block.name !== "string")
    throw badRequest(`${at}: a tool_use needs id and name`, at)
  return {
    id: block.id,
    type: "function",
    function: { name: block.name, arguments: JSON.stringify(block.input ?? {}) },
  }
}
