import { type MessageId, makeId } from "../../protocol/ids.ts"
import type { NotifySet, NotifyTest, TargetView } from "../../protocol/notify-api.ts"
import { deliver } from "../notify/deliver.ts"
import { testMessage } from "../notify/message.ts"
import { removeTargets, setDefaults, targetView } from "../notify/targets.ts"
import { nothing } from "./answers/answer.ts"
import { notifySet, notifyTest, targetList } from "./answers/notify-answers.ts"
import { type Route, route } from "./route.ts"
import { empty, notifyRequest } from "./schemas.ts"

export const notifyRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/notify",
    summary: "Lists whom one has told of one's jobs, and how that goes; addresses never come back",
    answer: targetList,
    respond: ({ core, caller }): { targets: TargetView[] } => ({
      targets: core.notify.of(caller.user).map((target) => targetView(core, target)),
    }),
  }),
  route({
    method: "PUT",
    path: "/v1/notify",
    summary:
      "Has these, and no others, told of one's jobs that say nothing else; what messages to a new webhook are signed with is in this answer and nowhere else",
    answer: notifySet,
    body: notifyRequest,
    change: ({ core, caller, body }): NotifySet => setDefaults(core, caller.user, body),
  }),
  route({
    method: "DELETE",
    path: "/v1/notify",
    summary: "Removes all one's targets, with what waits to be sent there",
    answer: nothing,
    change: ({ core, caller }) => {
      removeTargets(core, caller.user, null)
      return {}
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/notify/:id",
    summary: "Removes a target, with what waits to be sent there",
    answer: nothing,
    change: ({ core, caller, params }) => {
      removeTargets(core, caller.user, params.id ?? "")
      return {}
    },
  }),
  route({
    method: "POST",
    path: "/v1/notify/test",
    summary: "Tells one's default targets that they can be reached, at once and once, and says what became of it",
    answer: notifyTest,
    body: empty,
    respond: async ({ core, caller }): Promise<NotifyTest> => {
      const targets = core.notify.of(caller.user).filter(({ isDefault }) => isDefault)
      const results = targets.map(async (target) => {
        const message = testMessage(core, makeId<MessageId>("m", core.randomBytes(16)))
        const delivery = await deliver(core, target, message)
        const { id, kind, host } = targetView(core, target)
        return { id, kind, host, problem: delivery.kind === "taken" ? null : delivery.problem }
      })
      return { results: await Promise.all(results) }
    },
  }),
]
