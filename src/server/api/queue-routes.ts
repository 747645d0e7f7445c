import type { QueueView } from "../../protocol/queue.ts"
import { queueView } from "../jobs/queue-view.ts"
import { queue } from "./answers/queue-answers.ts"
import { type Route, route } from "./route.ts"
import { queueQuery } from "./schemas.ts"

export const queueRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/queue",
    summary: "Shows in few words what runs, with what it uses, and the first jobs that wait",
    answer: queue,
    query: queueQuery,
    respond: ({ core, caller, query }): QueueView => queueView(core, caller, query.limit),
  }),
]
