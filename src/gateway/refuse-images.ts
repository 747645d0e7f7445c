import { badRequest } from "./gateway-problem.ts"
import { type JsonObject, objectOf } from "./json-object.ts"

/**
 * Of what an engine is asked, in the shape that all dialects come down to: images are refused where the model sees none. Engines
 * differ in what they would do: refuse with an error of their own, or answer as if there were none.
 * @throws {GatewayProblem} bad_request
 */
export function refuseImages({ messages }: JsonObject, model: string): void {
  if (!Array.isArray(messages)) return
  for (const [index, message] of messages.entries()) {
    const { content } = objectOf(message) ?? {}
    if (Array.isArray(content) && content.some((part) => objectOf(part)?.type === "image_url"))
      throw badRequest(
        `this model takes no images: \`${model}\` is served for texts only`,
        `messages[${index}].content`,
      )
  }
}
