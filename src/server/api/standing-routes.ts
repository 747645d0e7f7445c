import { holdTarget, limitTarget, niceTarget, ownerOf, releaseTarget, shownOf } from "../arrays/act.ts"
import { throttleArray } from "../arrays/change-tasks.ts"
import { findTarget } from "../arrays/find-target.ts"
import { viewOf } from "../jobs/job-view.ts"
import { policyHolds } from "../policy/pool-policy.ts"
import { coordinates } from "../queue/change-standing.ts"
import { changedJob, job as jobAnswer } from "./answers/job-answers.ts"
import { findOwnJob, findOwnTarget } from "./job-routes.ts"
import { niceRequest, throttleRequest, timeRequest } from "./queue-schemas.ts"
import { type Route, route } from "./route.ts"
import { empty } from "./schemas.ts"

const BY_TURN_NOTICE = "it counts as soon as a policy holds: until then jobs go in the order in which they were sent"
const LIMITERS = "its sender, coordinators of its account and administrators"

/** What may be said of a job's place in the queue after it was sent. */
export const standingRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/jobs/:id/hold",
    summary:
      "Keeps a waiting job from starting until it is released; an administrator's hold only administrators release",
    answer: jobAnswer,
    body: empty,
    change: ({ core, caller, params }) => {
      const target = findOwnTarget(core, params.id, caller, "hold")
      holdTarget(core, target, caller)
      return viewOf(core, shownOf(core, target), caller)
    },
  }),
  route({
    method: "POST",
    path: "/v1/jobs/:id/release",
    summary: "Lets a held job go on; nothing changes for one that is not held",
    answer: jobAnswer,
    body: empty,
    change: ({ core, caller, params }) => {
      const target = findOwnTarget(core, params.id, caller, "release")
      releaseTarget(core, target, caller)
      return viewOf(core, shownOf(core, target), caller)
    },
  }),
  route({
    method: "POST",
    path: "/v1/jobs/:id/nice",
    summary: "Lets others go before a job that waits; administrators also raise its priority, or set it by hand",
    answer: changedJob,
    body: niceRequest,
    change: ({ core, caller, params, body }) => {
      const target = findOwnTarget(core, params.id, caller, "change the priority of")
      niceTarget(core, target, body, caller)
      const view = viewOf(core, shownOf(core, target), caller)
      return policyHolds(core) ? view : { ...view, notices: [BY_TURN_NOTICE] }
    },
  }),
  route({
    method: "POST",
    path: "/v1/jobs/:id/time",
    summary:
      "Changes a job's time limit, also while it runs: its user to a shorter one, administrators and coordinators of its account to any",
    answer: changedJob,
    body: timeRequest,
    change: ({ core, caller, params, body }) => {
      const found = findTarget(core, params.id)
      const target = coordinates(core, ownerOf(found), caller.user)
        ? found
        : findOwnTarget(core, params.id, caller, "change the time limit of", LIMITERS)
      const notices = limitTarget(core, target, body, caller)
      const view = viewOf(core, shownOf(core, target), caller)
      return notices.length === 0 ? view : { ...view, notices }
    },
  }),
  route({
    method: "POST",
    path: "/v1/jobs/:id/throttle",
    summary: "Changes how many tasks of an array may run at a time; null: as many as there is room for",
    answer: jobAnswer,
    body: throttleRequest,
    change: ({ core, caller, params, body }) => {
      const job = findOwnJob(core, params.id, caller, "change")
      throttleArray(core, job, body, caller)
      return viewOf(core, job, caller)
    },
  }),
]
