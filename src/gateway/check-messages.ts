import { checkBeside } from "./check-calls.ts"
import { badRequest, GatewayProblem } from "./gateway-problem.ts"
import { type JsonObject, objectOf } from "./json-object.ts"

const ROLES: ReadonlySet<unknown> = new Set(["system", "developer", "user", "assistant", "tool", "function"])
const PARTS: ReadonlySet<unknown> = new Set(["text", "image_url", "refusal"])

/**
 * The messages of a chat, if they are some an engine can be given.
 * @throws {GatewayProblem} bad_request
 */
export function checkMessages(value: unknown): JsonObject[] {
  if (!Array.isArray(value)) throw badRequest("'messages' must be a list of messages", "messages")
  if (value.length === 0) throw badRequest("'messages' must have at least one message", "messages")
  return value.map((each: unknown, index) => checkMessage(each, `messages[${index}]`))
}

function checkMessage(value: unknown, at: string): JsonObject {
  const message = objectOf(value)
  if (message === undefined) throw badRequest(`'${at}' must be an object`, at)
  if (!ROLES.has(message.role)) throw badRequest(`'${at}.role' must be one of ${[...ROLES].join(", ")}`, `${at}.role`)
  const checked = checkBeside(message, at)
  const { content } = message
  if (Array.isArray(content)) {
    checked.content = content.map((part: unknown, index) => checkPart(part, `${at}.content[${index}]`))
  } else if (typeof content !== "string" && content !== null && content !== undefined) {
    throw badRequest(`'${at}.content' must be a text or a list of parts`, `${at}.content`)
  }
  if ((content ?? undefined) === undefined && (message.role === "user" || message.role === "system"))
    throw badRequest(`'${at}.content' is required`, `${at}.content`)
  // Chat templates know only the older word.
  if (message.role === "developer") return { ...checked, role: "system" }
  // One engine would refuse it, and the other take it for an empty text.
  const isEmpty = message.role === "assistant" && (content ?? null) === null && checked.tool_calls === undefined
  return isEmpty ? { ...checked, content: "" } : checked
}

function checkPart(value: unknown, at: string): JsonObject {
  const part = objectOf(value)
  if (part === undefined) throw badRequest(`'${at}' must be an object`, at)
  if (!PARTS.has(part.type)) throw badRequest(`'${at}.type' must be one of ${[...PARTS].join(", ")}`, `${at}.type`)
  if (part.type === "text" && typeof part.text !== "string") throw badRequest(`'${at}.text' must be a text`, at)
  if (part.type === "image_url") {
    const url = objectOf(part.image_url)?.url ?? part.image_url
    checkImageUrl(url, at)
    // Also where the URL stands there by itself, as some clients write it.
    return { ...part, image_url: { url } }
  }
  if (part.type !== "refusal") return part
  // A text as the others to engines, which know no such part.
  if (typeof part.refusal !== "string") throw badRequest(`'${at}.refusal' must be a text`, at)
  return { type: "text", text: part.refusal }
}

/** Engines would fetch any other URL themselves, from within the lab's network, or open a file. */
export function checkImageUrl(url: unknown, at: string): void {
  if (typeof url === "string" && /^data:image\/[a-z0-9.+-]+;base64,/i.test(url)) return
  throw new GatewayProblem("bad_request", "Images must be sent as data:image/...;base64 URLs: no others are fetched", {
    param: at,
  })
}
