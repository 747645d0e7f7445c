import { setTimeout } from "node:timers/promises"
import * as z from "zod"
import { repositoryProblem, revisionProblem } from "../../hive/hub/repository.ts"
import type { ModelDisk } from "../../protocol/model-disk.ts"
import type { PullView } from "../../protocol/pull-api.ts"
import type { PullRecord } from "../../store/pull-record.ts"
import { Feed } from "../feed.ts"
import { modelDisk } from "../pulls/model-disk.ts"
import { modelDisk as modelDiskAnswer, pull as pullAnswer, pullList } from "./answers/pull-answers.ts"
import { type ApiRequest, type Route, route } from "./route.ts"
import { text, variable } from "./schema-parts.ts"
import { SSE_HEADERS, STILL_HERE, serverEvent, streamed } from "./stream.ts"

const HEARTBEAT_MS = 15_000
/** More often nobody reads it. */
const BETWEEN_MS = 200

const said = (problemOf: (value: string) => string | null, max: number) =>
  text(max).superRefine((value, context) => {
    const problem = problemOf(value)
    if (problem !== null) context.addIssue({ code: "custom", message: `is refused: ${problem}` })
  })

const pullRequest = z.strictObject({
  repository: said(repositoryProblem, 200),
  revision: said(revisionProblem, 128).default("main"),
  pick: text(1_024).min(1).nullable().default(null),
  name: text(255).nullable().default(null),
  shared: z.boolean().nullable().default(null),
  hub: text(1_024).nullable().default(null),
  secret: variable.nullable().default(null),
  images: z.boolean().default(true),
})

/** Models that are fetched from a hub. */
export const pullRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/pulls",
    summary:
      "Lists the models one fetches from a hub, and those of the last 30 days; an administrator's answer has everybody's",
    answer: pullList,
    respond: ({ api, caller }): { pulls: PullView[] } => ({ pulls: api.pulls.list(caller) }),
  }),
  route({
    method: "GET",
    path: "/v1/model-disk",
    summary:
      "Says what models of hubs take on the server's disk, what they may take, and which of them may go for others",
    answer: modelDiskAnswer,
    respond: ({ api, caller }): ModelDisk => {
      const disk = modelDisk(api.core)
      return { ...disk, models: disk.models.filter(({ user }) => user === caller.user || caller.role === "admin") }
    },
  }),
  route({
    method: "POST",
    path: "/v1/pulls",
    summary: "Has a model of a repository fetched from a hub; it becomes the next version of named data",
    description:
      "Answers once it is known what there is to fetch, and that there is room; the same that comes already is answered with that.",
    answer: pullAnswer,
    body: pullRequest,
    status: 201,
    respond: ({ api, caller, body, signal }): Promise<PullView> => api.pulls.start(body, caller, signal),
  }),
  route({
    method: "GET",
    path: "/v1/pulls/:id",
    summary: "Shows a model that is fetched, or was",
    answer: pullAnswer,
    respond: ({ api, caller, params }): PullView => api.pulls.view(api.pulls.find(params.id ?? "", caller)),
  }),
  route({
    method: "GET",
    path: "/v1/pulls/:id/events",
    summary: "The same as it is, and again whenever it gets on, until it has ended",
    item: pullAnswer,
    produces: "text/event-stream",
    respond: (request) => {
      const record = request.api.pulls.find(request.params.id ?? "", request.caller)
      return streamed(request, (gone) => pullChanges(request, record, gone), { headers: SSE_HEADERS })
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/pulls/:id",
    summary: "Stops a model from being fetched; what has come stays for a day, and the same again goes on from there",
    answer: pullAnswer,
    respond: ({ api, caller, params }): Promise<PullView> =>
      api.pulls.cancel(api.pulls.find(params.id ?? "", caller), caller.user),
  }),
]

async function* pullChanges(
  { api, caller }: Pick<ApiRequest, "api" | "caller">,
  { id }: PullRecord,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  using feed = new Feed((onNews) => api.pulls.listen(id, onNews), signal)
  for (let news = true; !signal.aborted; news = (await feed.next(HEARTBEAT_MS)) === "news") {
    if (signal.aborted) return
    if (!news) {
      yield STILL_HERE
      continue
    }
    const view = api.pulls.view(api.pulls.find(id, caller))
    yield serverEvent("pull", view)
    if (view.state !== "pulling") return
    await setTimeout(BETWEEN_MS, undefined, { signal }).catch(() => {})
  }
}
