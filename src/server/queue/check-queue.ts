import { closest } from "../../base/closest.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobSpec } from "../../protocol/job.ts"
import { checkWarning } from "../../protocol/warning-signal.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { Standings } from "../../scheduler/queue/standings.ts"
import { hasSingleton, jobsNamedIn } from "../../scheduler/request/after-words.ts"
import { readDependency } from "../../scheduler/request/dependency.ts"
import { checkTasks } from "../arrays/check-array.ts"
import { checkBooked } from "../bookings/check-booked.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { meetsDeadline } from "./meets-deadline.ts"
import { queueAskedOf } from "./standing.ts"
import { effectiveLimitOf, partitionsOf, placedAs } from "./who-of.ts"

/**
 * Looks whether what a job asks of the queue can be had: account, QOS, partitions, other jobs, its deadline. Changes nothing.
 * @throws {WindfallError} invalid_input, not_allowed, job_not_found
 */
export function checkQueue(core: Core, user: string, spec: JobSpec): void {
  const policy = currentPolicy(core)
  checkNice(core, user, spec)
  checkPartitions(policy, spec)
  checkAllowed(policy, user, spec)
  checkDeadline(core, policy, spec)
  checkWarned(policy, spec)
  checkAfter(core, spec)
  checkBooked(core, user, spec)
}

/** Whether it may have the name of an unfinished job of its sender, as it waits for all of these. */
export function waitsForNamesakes(spec: JobSpec): boolean {
  const { after } = queueAskedOf({ spec })
  return after !== null && hasSingleton(readDependency(after))
}

function checkNice(core: Core, user: string, spec: JobSpec): void {
  const { nice } = queueAskedOf({ spec })
  if (nice >= 0 || core.store.accounts.users().some((one) => one.name === user && one.role === "admin")) return
  throw new WindfallError(
    "not_allowed",
    `Cannot send with nice ${nice}: only administrators may raise a job's priority`,
    {
      hint: "Leave it out, or let others go first: --nice 100. An administrator may raise it later: windfall nice JOB -- -100",
    },
  )
}

function checkPartitions(policy: Policy, spec: JobSpec): void {
  const names = policy.partitions.map(({ name }) => name)
  for (const partition of partitionsOf(policy, spec)) {
    if (names.includes(partition)) continue
    throw new WindfallError("invalid_input", `Cannot send a job to the partition "${partition}": there is none`, {
      hint: `Partitions: ${names.join(", ")}`,
    })
  }
}

/** What nobody has described is told apart from what this user may not have. */
function checkAllowed(policy: Policy, user: string, spec: JobSpec): void {
  const { account, qos } = queueAskedOf({ spec })
  const unknown = (what: string, name: string, names: readonly string[]) => {
    const near = closest(name, names)
    const guess = near === undefined ? "" : `: did you mean ${near}?`
    return new WindfallError("invalid_input", `Cannot send as asked: there is no ${what} ${name}${guess}`, {
      hint: `What there is: ${names.slice(0, 20).join(", ")} (windfall policy show)`,
    })
  }
  const accounts = policy.accounts.map(({ name }) => name)
  if (account !== null && !accounts.includes(account)) throw unknown("account", account, accounts)
  const classes = policy.qos.map(({ name }) => name)
  if (qos !== null && !classes.includes(qos)) throw unknown("QOS", qos, classes)
  const standings = standingsOf(policy)
  const who = placedAs(policy, user, spec)
  const refusals = partitionsOf(policy, spec).map(
    (partition) => standings.of(who.account, user, partition, who.qos).refusal,
  )
  // One that takes it is enough.
  if (refusals.some((refusal) => refusal === null)) return
  throw new WindfallError("not_allowed", `Cannot send as asked: ${refusals[0]}`, {
    hint: "Who may use what: windfall policy show",
  })
}

const STANDINGS = new WeakMap<Policy, Standings>()

/** Reckoned once for all jobs that are sent while it holds. */
function standingsOf(policy: Policy): Standings {
  const known = STANDINGS.get(policy) ?? new Standings(policy)
  STANDINGS.set(policy, known)
  return known
}

function checkDeadline(core: Core, policy: Policy, spec: JobSpec): void {
  const meets = meetsDeadline(policy, { spec }, core.clock.now())
  if (meets === "yes") return
  if (meets === "no_limit") {
    throw new WindfallError(
      "invalid_input",
      "Cannot send with a deadline and no time limit: nobody knows when it would end",
      { hint: "Say how long it runs at most: --time 2h" },
    )
  }
  throw new WindfallError(
    "invalid_input",
    "Cannot send with this deadline: it could not end before, by its time limit",
    { hint: "Give it a shorter --time or a later --deadline" },
  )
}

/** A partition may give it the limit before which it is warned. */
function checkWarned(policy: Policy, spec: JobSpec): void {
  const { warning } = spec
  if (warning === undefined) return
  const limits = partitionsOf(policy, spec).map((partition) => effectiveLimitOf(policy, { spec }, partition))
  if (limits.every((limitMs) => limitMs === null)) {
    throw new WindfallError("invalid_input", "Cannot warn a job before its time limit: it has none", {
      hint: "Say how long it runs at most: --time 2h",
    })
  }
  for (const limitMs of limits) checkWarning(warning, limitMs)
}

function checkAfter(core: Core, spec: JobSpec): void {
  const { after } = queueAskedOf({ spec })
  if (after === null) return
  const dependency = readDependency(after)
  for (const job of jobsNamedIn(dependency)) {
    if (core.table.live(job as JobId) !== undefined || core.store.jobs.get(job as JobId) !== undefined) continue
    throw new WindfallError("job_not_found", `Cannot send a job that waits for job ${job}: there is no such job`, {
      hint: "A job can wait only for one that was sent before it. See your jobs: windfall ps --all",
    })
  }
  checkTasks(core, spec, dependency)
  if (hasSingleton(dependency) && spec.name === null) {
    throw new WindfallError(
      "invalid_input",
      "Cannot send a singleton without a name: it waits for others of its name",
      {
        hint: "Name it: -J NAME",
      },
    )
  }
}
