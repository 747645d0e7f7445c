import * as z from "zod"
import type { WeekView } from "../../protocol/week-api.ts"
import { changeWeek, weekView } from "../forecast/week-view.ts"
import { week } from "./answers/week-answers.ts"
import { type Route, route } from "./route.ts"

export const weekRequest = z.strictObject({
  learns: z.boolean().describe("Whether it is learned from now on; what was learned is forgotten either way"),
})

/** When people are usually at a host: for its owner and administrators. */
export const weekRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/hosts/:host/week",
    summary: "Shows what was learned of when people are at a host; for its owner and administrators",
    answer: week,
    respond: ({ core, caller, params }): WeekView => weekView(core, core.fleet.find(params.host ?? ""), caller),
  }),
  route({
    method: "POST",
    path: "/v1/hosts/:host/week",
    summary:
      "Forgets what was learned of when people are at a host, and learns on or not; for its owner and administrators",
    answer: week,
    body: weekRequest,
    change: ({ core, caller, params, body }): WeekView =>
      changeWeek(core, core.fleet.find(params.host ?? ""), caller, body.learns),
  }),
]
