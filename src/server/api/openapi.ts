import * as z from "zod"
import type { Route } from "./route.ts"
import type { Socket } from "./terminal-sockets.ts"

/** The OpenAPI 3.1 document of these routes and WebSockets. */
export function openApiDocument(routes: readonly Route[], sockets: readonly Socket[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  const add = (path: string, method: string, described: object) => {
    const place = path.replace(/:([a-z]+)/g, "{$1}")
    paths[place] ??= {}
    paths[place][method.toLowerCase()] = described
  }
  for (const route of routes) add(route.path, route.method, operation(route))
  for (const socket of sockets) add(socket.path, "GET", upgrade(socket))
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
    operationId: operationId(route.method, route.path),
    ...(route.open === true ? { security: [] } : {}),
    parameters: parametersOf(route),
    ...bodyOf(route),
    responses: { [route.status ?? 200]: { description: "Done", content }, default: refused },
  }
}

function upgrade(socket: Socket): object {
  const header = { name: "Upgrade", in: "header", required: true, schema: { const: "websocket" } }
  return {
    summary: socket.summary,
    description: socket.description,
    operationId: operationId("GET", socket.path),
    "x-websocket": true,
    parameters: [...parametersOf(socket), header],
    responses: { 101: { description: "It is a WebSocket now" }, default: refused },
  }
}

function operationId(method: string, path: string): string {
  const words = path.replace(/^\/v1/, "").replace(/[^A-Za-z]+(.)/g, (_, next: string) => next.toUpperCase())
  return `${method.toLowerCase()}${words}`
}

const refused = {
  description: "Refused or failed",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
}

function parametersOf(route: Pick<Route, "path" | "query"> & { readonly method?: string }): object[] {
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
    required: query.required?.includes(name) ?? false,
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
  readonly required?: readonly string[]
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
