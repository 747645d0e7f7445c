import type { JobHints, JobList, SubmitBatchAnswer, WhyAnswer } from "../../protocol/api.ts"
import { learnedNote } from "../../protocol/earlier-runs.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobSpec, JobView } from "../../protocol/job.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import type { JobPreviews } from "../../protocol/job-preview.ts"
import { isFinal, JOB_STATES, type JobState } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { ownerOf, shownOf, stopTarget } from "../arrays/act.ts"
import { findJob, findTarget, type Target } from "../arrays/find-target.ts"
import { tallyText } from "../arrays/settle-array.ts"
import { whyUnbegun } from "../arrays/why-task.ts"
import type { Caller } from "../auth/accounts.ts"
import type { Core } from "../core.ts"
import { latestOf, mainOf } from "../gang/members.ts"
import { hintsOf } from "../jobs/hints-of.ts"
import { mayRule, viewOf } from "../jobs/job-view.ts"
import { previewOf } from "../jobs/preview.ts"
import { checkBlobs, checkJobs, submitJobs } from "../jobs/submit.ts"
import { withLeftOut } from "../models/left-out-hosts.ts"
import { notifyAgain } from "../notify/targets.ts"
import { whyWaits } from "../queue/why.ts"
import { nothing } from "./answers/answer.ts"
import { hints as hintsAnswer, job as jobAnswer, jobIds, jobList, why as whyAnswer } from "./answers/job-answers.ts"
import { previews as previewsAnswer } from "./answers/preview-answers.ts"
import { type Route, route } from "./route.ts"
import { empty, listJobsQuery, stopRequest, submitBatchRequest, submitRequest, whyQuery } from "./schemas.ts"

export const jobRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/jobs",
    summary: "Sends a job: answered once it is durable",
    answer: jobAnswer,
    body: submitRequest,
    status: 201,
    prepare: ({ core, caller, body }) => checkBlobs(core, caller.user, [body.spec]),
    change: ({ core, caller, body }) => viewOf(core, submitJobs(core, caller.user, [body.spec])[0]!, caller),
  }),
  route({
    method: "POST",
    path: "/v1/jobs/batch",
    summary: "Sends many jobs, all or none",
    answer: jobIds,
    body: submitBatchRequest,
    status: 201,
    prepare: ({ core, caller, body }) => checkBlobs(core, caller.user, body.specs),
    change: ({ core, caller, body }): SubmitBatchAnswer => ({
      jobs: submitJobs(core, caller.user, body.specs).map(({ id }) => id),
    }),
  }),
  route({
    method: "POST",
    path: "/v1/jobs/check",
    summary: "Says whether jobs would be accepted, all or none, before their files are sent; changes nothing",
    answer: nothing,
    body: submitBatchRequest,
    respond: ({ core, caller, body }) => {
      checkJobs(core, caller.user, body.specs)
      return {}
    },
  }),
  route({
    method: "POST",
    path: "/v1/jobs/preview",
    summary: "Says where jobs that are not sent could run, host by host, and where their data lies; changes nothing",
    answer: previewsAnswer,
    body: submitBatchRequest,
    respond: ({ core, caller, body }): JobPreviews => ({
      jobs: checkJobs(core, caller.user, body.specs).map((spec) => previewOf(core, caller.user, spec)),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/jobs",
    summary:
      "Lists jobs, newest first: one's own, or user=NAME, or user=all; tasks of arrays as long as they run, or with array=NUMBER all of one; an administrator is told when there is no such user",
    answer: jobList,
    query: listJobsQuery,
    respond: ({ core, caller, query }): JobList => {
      const user = query.user === undefined ? caller.user : query.user === "all" ? undefined : query.user
      const states = query.state === undefined ? undefined : readStates(query.state)
      const { name, before, limit, array } = query
      // What became of tasks is told by their array, and by asking for them.
      const without = array !== undefined ? undefined : name === undefined ? "ended_tasks" : "tasks"
      const stored = core.store.jobs.list({ user, states, name, before, limit, array, without })
      if (stored.length === 0 && caller.role === "admin" && user !== undefined) checkUser(core, user)
      // What memory holds is as durable and knows a little more (how many bytes have come, the latest peak).
      return { jobs: stored.map((job) => viewOf(core, core.table.live(job.id) ?? job, caller)) }
    },
  }),
  route({
    method: "GET",
    path: "/v1/jobs/:id",
    summary: "Shows a job",
    answer: jobAnswer,
    respond: ({ core, caller, params }): JobView => viewOf(core, findJob(core, params.id), caller),
  }),
  route({
    method: "POST",
    path: "/v1/jobs/:id/stop",
    summary:
      "Asks a job to end; a second time, or with now, kills it; once its command has ended, gives up what has not come of its files and output",
    answer: jobAnswer,
    body: stopRequest,
    change: ({ core, caller, params, body }) => {
      const target = findOwnTarget(core, params.id, caller, "stop")
      const { now, signal, graceMs } = body
      const options = { ...(signal === undefined ? {} : { signal }), ...(graceMs === undefined ? {} : { graceMs }) }
      stopTarget(core, target, { now, ...options }, caller.user)
      return viewOf(core, shownOf(core, target), caller)
    },
  }),
  route({
    method: "POST",
    path: "/v1/jobs/:id/rerun",
    summary: "Sends a job again as it was, under a new number",
    answer: jobAnswer,
    body: empty,
    status: 201,
    prepare: async ({ core, caller, params }) => {
      const job = findOwnJob(core, params.id, caller, "send again")
      if (job.spec.kind === "hive") {
        throw new WindfallError(
          "wrong_state",
          `Cannot send job ${job.id} again: it is a hive, which the server sends`,
          {
            hint: "Serve its model again: windfall model serve NAME",
          },
        )
      }
      if (job.user !== caller.user) {
        throw new WindfallError("not_allowed", `Cannot send job ${job.id} again: its files belong to ${job.user}`, {
          hint: "Only who sent it can. Send it from a folder of your own: windfall send",
        })
      }
      await checkBlobs(core, caller.user, [job.spec])
    },
    change: ({ core, caller, params }) => {
      const job = findOwnJob(core, params.id, caller, "send again")
      return viewOf(core, submitJobs(core, caller.user, [specAgain(core, job)])[0]!, caller)
    },
  }),
  route({
    method: "GET",
    path: "/v1/jobs/:id/why",
    summary: "Says why a job waits, host by host, or what became of it",
    answer: whyAnswer,
    query: whyQuery,
    respond: ({ core, api, caller, params, query }): WhyAnswer => {
      const job = findJob(core, params.id)
      const found = whyUnbegun(core, job, query.brief, caller) ?? whyWaits(core, job, query.brief, caller)
      const waiting = found === undefined ? undefined : withLeftOut(core, api.models, job, found)
      if (waiting !== undefined) return { at: core.clock.now(), ...waiting, summary: withLearned(waiting.summary, job) }
      return { job: job.id, summary: summaryOf(job), code: job.cause ?? job.state, place: null, hosts: [] }
    },
  }),
  route({
    method: "GET",
    path: "/v1/jobs/:id/hints",
    summary: "What is known about why a job failed, by the last lines it printed: at most two hints",
    answer: hintsAnswer,
    respond: async ({ core, caller, params }): Promise<JobHints> => ({
      hints: await hintsOf(core, findOwnJob(core, params.id, caller, "read the output of")),
    }),
  }),
]

/** @throws {WindfallError} also not_allowed, when it is somebody else's */
export function findOwnJob(core: Core, text: string | undefined, caller: Caller, doing: string): JobRecord {
  const job = findJob(core, text)
  checkOwn(job, caller, doing)
  return job
}

/** The same of tasks of an array. @param who may do it, in words @throws {WindfallError} */
export function findOwnTarget(
  core: Core,
  text: string | undefined,
  caller: Caller,
  doing: string,
  who: string = RULERS,
): Target {
  const target = findTarget(core, text)
  checkOwn(ownerOf(target), caller, doing, who)
  return target
}

const RULERS = "its sender and administrators"

function checkOwn(job: JobRecord, caller: Caller, doing: string, who: string = RULERS): void {
  if (mayRule(caller, job)) return
  throw new WindfallError("not_allowed", `Cannot ${doing} job ${jobNumber(job)}: it is ${job.user}'s`, {
    hint: `Only ${who} can`,
  })
}

/** Jobs of a removed user stay. @throws {WindfallError} user_not_found */
function checkUser(core: Core, user: string): void {
  const isKnown = core.store.accounts.users().some(({ name }) => name === user)
  if (isKnown || core.store.jobs.list({ user, limit: 1 }).length > 0) return
  throw new WindfallError("user_not_found", `Cannot list jobs of ${JSON.stringify(user)}: there is no such user`, {
    hint: "Who there is: windfall user ls",
  })
}

function readStates(text: string): JobState[] {
  return text.split(",").map((state) => {
    const known = JOB_STATES.find((each) => each === state)
    if (known !== undefined) return known
    throw new WindfallError("invalid_input", `Cannot list jobs in state "${state}": there is no such state`, {
      hint: `States: ${JOB_STATES.join(", ")}`,
    })
  })
}

/** A name still in use stays with its holder; whom it told and is not known any more is left out. */
function specAgain(core: Core, job: JobRecord): JobSpec {
  const { name } = job.spec
  const isTaken = name !== null && core.table.named(job.user, name) !== undefined
  const again = { ...job.spec, name: isTaken ? null : name, notify: notifyAgain(core, job) }
  // A task alone is an array of one: it finds its index.
  return job.task === undefined ? again : { ...again, array: `${job.task.index}` }
}

function summaryOf(job: JobRecord): string {
  const attempt = latestOf(job).find(({ suspended }) => suspended !== null) ?? mainOf(job)
  if (isFinal(job.state)) return `It has ended: ${job.state}${job.reason === null ? "" : ` (${job.reason})`}`
  if (job.array !== undefined) return `Its tasks have begun: ${tallyText(job.array)} so far`
  if (attempt === undefined) return `It is ${job.state}`
  const contact = attempt.outOfContactSince === null ? "" : ", which is out of contact"
  if (attempt.suspended !== null) {
    const { text } = attempt.suspended
    return `It does not wait for a host: it is suspended on ${attempt.hostName}, as ${text}${contact}`
  }
  const others = latestOf(job).length - 1
  const where = others === 0 ? attempt.hostName : `${attempt.hostName} and ${others} more`
  return `It does not wait: it is ${job.state} on ${where}${contact}`
}

/** Where memory is counted that nobody asked for, the reasons make sense only with that. */
function withLearned(summary: string, { learned }: JobRecord): string {
  return learned === undefined ? summary : `${summary} (no --memory was given: ${learnedNote(learned)})`
}
