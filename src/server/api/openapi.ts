import * as z from "zod"
import type { Route } from "./route.ts"

/** The OpenAPI 3.1 document of these routes. */
export function openApiDocument(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:([a-z]+)/g, "{$1}")
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operation(route)
  }
  return {
    openapi: "3.1.0",
    info: { title: "Windfall", version, description: "The Macs a lab already owns as one private computer." },
    security: [{ token: [] }],
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Error: errorSchema },
    },
    paths,
  }
}

function operation(route: Route): object {
  const produces = route.produces ?? "application/json"
  const content = Object.fromEntries(produces.split(", ").map((type) => [type, {}]))
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.path.replace(/^\/v1/, "").replace(/[^A-Za-z]+(.)/g, (_, next: string) => next.toUpperCase())}`,
    ...(route.open === true ? { security: [] } : {}),
    parameters: parametersOf(route),
    ...bodyOf(route),
    responses: {
      [route.status ?? 200]: { description: "Done", content },
      default: {
        description: "Refused or failed",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  }
}

function parametersOf(route: Route): object[] {
  const inPath = [...route.path.matchAll(/:([a-z]+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }))
  const query = route.query === undefined ? {} : (jsonSchema(route.query) as QuerySchema)
  const inQuery = Object.entries(query.properties ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema,
  }))
  const key = {
    name: "Idempotency-Key",
    in: "header",
    required: false,
    description: "The same request under the same key within a day is done once, and answered with the first answer",
    schema: { type: "string", maxLength: 200 },
  }
  return [...inPath, ...inQuery, ...(route.method === "POST" ? [key] : [])]
}

interface QuerySchema {
  readonly properties?: Readonly<Record<string, object>>
}

function bodyOf(route: Route): object {
  if (route.consumes !== undefined) return { requestBody: { required: true, content: { [route.consumes]: {} } } }
  if (route.body === undefined) return {}
  return { requestBody: { required: true, content: { "application/json": { schema: jsonSchema(route.body) } } } }
}

function jsonSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any", target: "draft-2020-12" })
}

const errorSchema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: {
        code: { type: "string" },
        message: { type: "string" },
        hint: { type: "string" },
        details: { type: "object" },
      },
    },
  },
}
