import { type Context, Hono } from "hono"
import type * as z from "zod"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import { type Caller, callerOf, requireAdmin } from "../auth/accounts.ts"
import { accountRoutes } from "./account-routes.ts"
import { blobRoutes } from "./blob-routes.ts"
import { bodyBytes, readJson } from "./body.ts"
import { eventRoutes } from "./event-routes.ts"
import { hostRoutes } from "./host-routes.ts"
import { changeOnce } from "./idempotency.ts"
import { jobRoutes } from "./job-routes.ts"
import { logRoutes } from "./log-routes.ts"
import { openApiDocument } from "./openapi.ts"
import type { AdapterEnv, Api, ApiRequest, Route } from "./route.ts"
import { serverRoutes } from "./server-routes.ts"

/** All routes of the API. */
export const ROUTES: readonly Route[] = [
  ...serverRoutes,
  ...accountRoutes,
  ...hostRoutes,
  ...blobRoutes,
  ...jobRoutes,
  ...logRoutes,
  ...eventRoutes,
]

type Env = { Bindings: AdapterEnv }

/** The HTTP API as a fetch handler. */
export function createApp(api: Api): Hono<Env> {
  const app = new Hono<Env>()
  for (const each of ROUTES) app.on(each.method, each.path, (context) => answer(api, each, context))
  let document: string | undefined
  app.get("/v1/openapi.json", (context) => {
    document ??= JSON.stringify(openApiDocument(ROUTES, api.version))
    return context.body(document, 200, { "content-type": "application/json" })
  })
  app.notFound((context) => {
    const error = new WindfallError("route_not_found", `Cannot answer ${context.req.method} ${context.req.path}`, {
      hint: "GET /v1/openapi.json lists all routes",
    })
    return json(error.toBody(), error.status)
  })
  app.onError((thrown, context) => failed(api, thrown, `answer ${context.req.method} ${context.req.path}`))
  return app
}

async function answer(api: Api, route: Route, context: Context<Env>): Promise<Response> {
  const { core } = api
  const { raw } = context.req
  try {
    const caller = route.open === true ? NOBODY : callerOf(core, tokenOf(raw.headers))
    if (route.admin !== undefined) requireAdmin(caller, route.admin)
    const bytes = () => bodyBytes(raw, context.env?.incoming)
    const sent = route.body === undefined ? undefined : await readJson(raw, core.limits.bodyBytes, bytes)
    const request: ApiRequest = {
      api,
      core,
      caller,
      params: context.req.param(),
      body: route.body === undefined ? undefined : checked(route.body, sent?.value, "request"),
      query: route.query === undefined ? undefined : checked(route.query, context.req.query(), "query"),
      signal: AbortSignal.any([raw.signal, core.signal]),
      headers: raw.headers,
      bytes,
    }
    const { change } = route
    if (change !== undefined) {
      const key = route.method === "POST" ? raw.headers.get("idempotency-key") : null
      const question = `${route.method} ${context.req.path}\n${sent?.text ?? ""}`
      const { status, text } = await changeOnce({ request, route, change, key, question })
      return jsonText(text, status)
    }
    const result = await route.respond?.(request)
    return result instanceof Response ? result : json(result ?? {}, route.status ?? 200)
  } catch (thrown) {
    return failed(api, thrown, `answer ${route.method} ${route.path}`)
  }
}

function jsonText(text: string, status: number): Response {
  return new Response(text, { status, headers: { "content-type": "application/json" } })
}

function json(value: unknown, status: number): Response {
  return jsonText(JSON.stringify(value), status)
}

/** Never looked at: routes open to all do not ask who calls. */
const NOBODY: Caller = { user: "", role: "user", token: "" as Caller["token"], tokenExpiresAt: null }

function tokenOf(headers: Headers): string | undefined {
  return /^Bearer (\S{1,200})$/.exec(headers.get("authorization") ?? "")?.[1]
}

function checked(schema: z.ZodType, value: unknown, what: string): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw invalid(result.error, what)
}

function invalid(error: z.ZodError, what: string): WindfallError {
  const issues = error.issues.map(({ path, message }) => ({ path: path.join("."), message }))
  const first = issues[0]
  const where = first === undefined || first.path === "" ? "" : `"${first.path}" `
  return new WindfallError("invalid_input", `Cannot accept the ${what}: ${where}${first?.message ?? "is malformed"}`, {
    details: { issues: issues.slice(0, 20) },
  })
}

function failed(api: Api, thrown: unknown, doing: string): Response {
  const error = isZodError(thrown) ? invalid(thrown, "request") : toWindfallError(thrown, doing)
  if (error.code === "internal" && !api.core.signal.aborted) api.core.report(error.message, thrown)
  return json(error.toBody(), error.status)
}

function isZodError(thrown: unknown): thrown is z.ZodError {
  return thrown instanceof Error && thrown.name === "ZodError"
}
