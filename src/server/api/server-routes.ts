import { API_VERSION, type Health } from "../../protocol/api.ts"
import { health } from "./answers/server-answers.ts"
import { type Route, route } from "./route.ts"

export const serverRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/health",
    summary: "Says that the server answers, and which one it is",
    answer: health,
    open: true,
    respond: ({ core, api }): Health => ({ server: core.store.server, version: api.version, api: API_VERSION }),
  }),
]
