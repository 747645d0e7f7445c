import { viewOf } from "../jobs/job-view.ts"
import { coordinates, holdJob, limitJob, niceJob, releaseJob } from "../queue/change-standing.ts"
import { job as jobAnswer } from "./answers/job-answers.ts"
import { findJob, findOwnJob } from "./job-routes.ts"
import { niceRequest, timeRequest } from "./queue-schemas.ts"
import { type Route, route } from "./route.ts"
import { empty } from "./schemas.ts"

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
      const job = findOwnJob(core, params.id, caller, "hold")
      holdJob(core, job, caller)
      return viewOf(core, job, caller)
    },
  }),
  route({
    method: "POST",
    path: "/v1/jobs/:id/release",
    summary: "Lets a held job go on; nothing changes for one that is not held",
    answer: jobAnswer,
    body: empty,
    change: ({ core, caller, params }) => {
      const job = findOwnJob(core, params.id, caller, "release")
      releaseJob(core, job, caller)
      return viewOf(core, job, caller)
    },
  }),
  route({
    method: "POST",
    path: "/v1/jobs/:id/nice",
    summary: "Lets others go before a job that waits; administrators also raise its priority, or set it by hand",
    answer: jobAnswer,
    body: niceRequest,
    change: ({ core, caller, params, body }) => {
      const job = findOwnJob(core, params.id, caller, "change the priority of")
      niceJob(core, job, body, caller)
      return viewOf(core, job, caller)
    },
  }),
  route({
    method: "POST",
    path: "/v1/jobs/:id/time",
    summary:
      "Changes a job's time limit, also while it runs: its user to a shorter one, administrators and coordinators of its account to any",
    answer: jobAnswer,
    body: timeRequest,
    change: ({ core, caller, params, body }) => {
      const job = findJob(core, params.id)
      if (!coordinates(core, job, caller.user)) findOwnJob(core, params.id, caller, "change the time limit of")
      limitJob(core, job, body, caller)
      return viewOf(core, job, caller)
    },
  }),
]
