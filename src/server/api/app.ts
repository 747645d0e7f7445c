import { type Context, Hono } from "hono"
import type * as z from "zod"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import { type Caller, callerOf, requireAdmin, requireStill } from "../auth/accounts.ts"
import { accountRoutes } from "./account-routes.ts"
import { Asked } from "./asked.ts"
import { blobRoutes } from "./blob-routes.ts"
import { bodyBytes, readJson } from "./body.ts"
import { bookingRoutes } from "./booking-routes.ts"
import { dataRoutes } from "./data-routes.ts"
import { doctorRoutes } from "./doctor-routes.ts"
import { eventRoutes } from "./event-routes.ts"
import { hostRoutes } from "./host-routes.ts"
import { answerOf, type FirstTime, idempotencyKey, Repeats } from "./idempotency.ts"
import { installRoutes } from "./install-routes.ts"
import { inviteRoutes } from "./invite-routes.ts"
import { fieldsHint, issueText } from "./issue-text.ts"
import { jobRoutes } from "./job-routes.ts"
import { keyRoutes } from "./key-routes.ts"
import { lendRoutes } from "./lend-routes.ts"
import { logRoutes } from "./log-routes.ts"
import { modelRoutes } from "./model-routes.ts"
import { networkRoutes } from "./network-routes.ts"
import { notifyRoutes } from "./notify-routes.ts"
import { openApiDocument } from "./openapi.ts"
import { ownerRoutes } from "./owner-routes.ts"
import { policyRoutes } from "./policy-routes.ts"
import { pullRoutes } from "./pull-routes.ts"
import { readQuery } from "./query.ts"
import { queueRoutes } from "./queue-routes.ts"
import type { AdapterEnv, Api, ApiRequest, Route } from "./route.ts"
import { serverRoutes } from "./server-routes.ts"
import { standingRoutes } from "./standing-routes.ts"
import { TERMINAL_SOCKETS } from "./terminal-sockets.ts"
import { usageRoutes } from "./usage-routes.ts"
import { weekRoutes } from "./week-routes.ts"

/** All routes of the API. */
export const ROUTES: readonly Route[] = [
  ...serverRoutes,
  ...doctorRoutes,
  ...accountRoutes,
  ...inviteRoutes,
  ...keyRoutes,
  ...modelRoutes,
  ...installRoutes,
  ...lendRoutes,
  ...notifyRoutes,
  ...hostRoutes,
  ...ownerRoutes,
  ...weekRoutes,
  ...policyRoutes,
  ...bookingRoutes,
  ...networkRoutes,
  ...blobRoutes,
  ...dataRoutes,
  ...pullRoutes,
  ...jobRoutes,
  ...queueRoutes,
  ...standingRoutes,
  ...usageRoutes,
  ...logRoutes,
  ...eventRoutes,
]

/** Where something answers, and to which method. */
const PLACES = [
  ...ROUTES,
  ...TERMINAL_SOCKETS.map(({ path }) => ({ method: "GET", path })),
  { method: "GET", path: "/v1/openapi.json" },
].map(({ method, path }) => ({ method, isAt: new RegExp(`^${path.replaceAll(/:[a-z]+/g, "[^/]+")}$`) }))

type Env = { Bindings: AdapterEnv }

/** The HTTP API as a fetch handler. */
export function createApp(api: Api): Hono<Env> {
  const app = new Hono<Env>()
  const repeats = new Repeats(api.core)
  for (const each of ROUTES) app.on(each.method, each.path, (context) => answer(api, repeats, each, context))
  let document: string | undefined
  app.get("/v1/openapi.json", (context) => {
    readQuery(queryOf(context), [])
    document ??= JSON.stringify(openApiDocument(ROUTES, TERMINAL_SOCKETS, api.version))
    return context.body(document, 200, { "content-type": "application/json" })
  })
  app.notFound((context) => noRoute(context.req.method, context.req.path))
  app.onError((thrown, context) => failed(api, thrown, `answer ${context.req.method} ${context.req.path}`))
  return app
}

/** Who uses another method than a path has is told which it has. */
function noRoute(method: string, path: string): Response {
  const methods = new Set(PLACES.filter(({ isAt }) => isAt.test(path)).map((place) => place.method))
  const isKnown = methods.size > 0 && !methods.has(method)
  const error = new WindfallError(
    isKnown ? "method_not_allowed" : "route_not_found",
    `Cannot answer ${method} ${path}${isKnown ? `: it takes ${[...methods].join(", ")}` : ""}`,
    { hint: "GET /v1/openapi.json lists all routes" },
  )
  const response = json(error.toBody(), error.status)
  if (isKnown) response.headers.set("allow", [...methods].join(", "))
  return response
}

async function answer(api: Api, repeats: Repeats, route: Route, context: Context<Env>): Promise<Response> {
  const { core } = api
  const { raw } = context.req
  try {
    const caller = route.open === true ? NOBODY : callerOf(core, tokenOf(raw.headers))
    if (route.admin !== undefined) requireAdmin(caller, route.admin)
    const refusal = route.method === "GET" ? undefined : core.folderWatch.refusal()
    if (refusal !== undefined) throw refusal
    const bytes = () => bodyBytes(raw, context.env?.incoming)
    const query = readQuery(queryOf(context), Object.keys(route.query?.shape ?? {}))
    const sent = route.body === undefined ? undefined : await readJson(raw, core.limits.bodyBytes, bytes)
    const key = route.method === "POST" ? idempotencyKey(raw.headers) : null
    const request: ApiRequest = {
      ...NO_REPEATS,
      api,
      core,
      caller,
      from: context.env?.incoming?.socket.remoteAddress ?? "",
      params: context.req.param(),
      body: route.body === undefined ? undefined : checked(route.body, sent?.value, "request"),
      query: route.query === undefined ? undefined : checked(route.query, query, "query"),
      signal: AbortSignal.any([raw.signal, core.signal]),
      hangUp: () => context.env?.incoming?.socket.destroy(),
      headers: raw.headers,
      bytes,
    }
    if (key === null) return await carryOut(route, request)
    const whole = route.consumes === undefined ? (sent?.text ?? "") : bytes()
    const asked = new Asked(`${route.method} ${context.req.path}`, whole)
    const keyed = { user: caller.user, key, route, asked, signal: request.signal }
    return await repeats.answer(keyed, (first) =>
      carryOut(route, { ...request, ...first, bytes: () => asked.bytes() }, asked),
    )
  } catch (thrown) {
    return failed(api, thrown, `answer ${route.method} ${route.path}`)
  }
}

/** @param asked for a request that may be repeated */
async function carryOut(route: Route, request: ApiRequest, asked?: Asked): Promise<Response> {
  const { core, caller } = request
  const { change } = route
  if (change !== undefined) {
    await route.prepare?.(request)
    const text = await core.ledger.change(() => {
      if (route.open !== true) requireStill(core, caller)
      const answer = JSON.stringify(change(request))
      request.remember(answer)
      return answer
    })
    return answerOf(route, text)
  }
  const result = await route.respond?.(request)
  if (asked !== undefined && route.repeats === "anew") await core.ledger.change(() => request.remember(""))
  if (result instanceof Response) return result
  const text = JSON.stringify(result ?? {})
  if (asked !== undefined) {
    await asked.readAll()
    await core.ledger.change(() => request.remember(text))
  }
  return answerOf(route, text)
}

/** For requests that nobody can repeat. */
const NO_REPEATS: FirstTime = { remember: () => {}, lasts: () => {} }

function queryOf(context: Context<Env>): URLSearchParams {
  return new URL(context.req.url).searchParams
}

function json(value: unknown, status: number): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } })
}

/** Never looked at: routes open to all do not ask who calls. */
const NOBODY: Caller = { user: "", role: "user", token: "" as Caller["token"], tokenExpiresAt: null }

function tokenOf(headers: Headers): string | undefined {
  return /^Bearer (\S{1,200})$/.exec(headers.get("authorization") ?? "")?.[1]
}

function checked(schema: z.ZodType, value: unknown, what: string): unknown {
  let hint: string | undefined
  const result = schema.safeParse(value, {
    error: (issue) => {
      hint ??= fieldsHint(issue)
      return issueText(issue)
    },
  })
  if (result.success) return result.data
  throw invalid(result.error, what, hint)
}

function invalid(error: z.ZodError, what: string, hint = "What it takes: GET /v1/openapi.json"): WindfallError {
  const issues = error.issues.map(({ path, message }) => ({ path: path.join("."), message }))
  const first = issues[0]
  const where = first === undefined || first.path === "" ? "it " : `"${first.path}" `
  return new WindfallError("invalid_input", `Cannot accept the ${what}: ${where}${first?.message ?? "is malformed"}`, {
    hint,
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
