import * as z from "zod"
import { invariant } from "../../base/invariant.ts"
import { ANSWERS } from "./answers/answer.ts"
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
      schemas: { ...answerSchemas(), Error: errorSchema },
    },
    paths,
  }
}

function operation(route: Route): object {
  return {
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    operationId: operationId(route.method, route.path),
    ...(route.open === true ? { security: [] } : {}),
    parameters: parametersOf(route),
    ...bodyOf(route),
    responses: { [route.status ?? 200]: answerOf(route), default: refused },
  }
}

function answerOf(route: Route): object {
  const types = (route.produces ?? "application/json").split(", ")
  const description = (route.answer ?? route.item)?.description ?? "Bytes, as described above"
  return { description, content: Object.fromEntries(types.map((type) => [type, contentOf(route, type)])) }
}

function contentOf({ answer, item }: Route, type: string): object {
  if (type === "application/json") return { schema: answer === undefined ? {} : reference(answer) }
  if (item === undefined) return { schema: binary }
  const each = type === "text/event-stream" ? "Server-Sent Events; the data of each" : "Lines; each"
  const description = `${each} is JSON as x-item-schema says`
  return { schema: { type: "string", description }, "x-item-schema": reference(item) }
}

const PLACE = "#/components/schemas/"

function reference(schema: z.ZodType): object {
  const id = ANSWERS.get(schema)?.id
  invariant(id !== undefined, "an answer has no name in the document")
  return { $ref: PLACE + id }
}

function answerSchemas(): Record<string, object> {
  const { schemas } = z.toJSONSchema(ANSWERS, {
    io: "input",
    target: "draft-2020-12",
    uri: (id) => PLACE + id,
    override: ({ jsonSchema }) => {
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
  return Object.fromEntries(Object.entries(schemas).map(([id, { $id, $schema, ...schema }]) => [id, schema]))
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
  if (route.consumes !== undefined) return bodyIs(route.consumes, binary)
  if (route.body === undefined) return {}
  return bodyIs("application/json", jsonSchema(route.body))
}

function bodyIs(type: string, schema: object): object {
  return { requestBody: { required: true, content: { [type]: { schema } } } }
}

const binary = { type: "string", format: "binary" }

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
