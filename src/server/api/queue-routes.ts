import type { QueueView } from "../../protocol/queue.ts"
import type { QueueOrderView } from "../../protocol/queue-order.ts"
import { queueView } from "../jobs/queue-view.ts"
import { queueOrderView } from "../queue/order-view.ts"
import { queueOrder } from "./answers/order-answers.ts"
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
  route({
    method: "GET",
    path: "/v1/queue/order",
    summary: "Shows the queue in its order, with priorities, expected starts and reasons, then who is kept out of it",
    answer: queueOrder,
    query: queueQuery,
    respond: ({ core, query }): QueueOrderView => queueOrderView(core, query.limit),
  }),
]
