import { badRequest } from "./gateway-problem.ts"
import { type JsonObject, objectOf } from "./json-object.ts"

/**
 * What an answer is held to, if it is of a kind that engines can read: they pass others over, and the answer would be taken for one that was held to it.
 * @throws {GatewayProblem} bad_request
 */
export function checkShapes(body: JsonObject): void {
  if (typeof (body.grammar ?? "") !== "string") throw badRequest("'grammar' must be a text", "grammar")
  checkSchema(body.json_schema, "json_schema")
  checkSchema(objectOf(body.response_format)?.schema, "response_format.schema")
  if (!Array.isArray(body.tools)) return
  for (const [index, tool] of body.tools.entries()) {
    const { parameters, description } = objectOf(objectOf(tool)?.function) ?? {}
    checkSchema(parameters, `tools[${index}].function.parameters`)
    if (typeof (description ?? "") !== "string")
      throw badRequest(`'tools[${index}].function.description' must be a text`, `tools[${index}]`)
  }
}

function checkSchema(schema: unknown, at: string): void {
  if ((schema ?? undefined) !== undefined && objectOf(schema) === undefined)
    throw badRequest(`'${at}' must be an object`, at)
}
