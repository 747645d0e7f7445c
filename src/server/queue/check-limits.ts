import { WindfallError } from "../../protocol/errors.ts"
import { hostsOf } from "../../protocol/gang.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { LimitedJob } from "../../scheduler/limits/limit-check.ts"
import { limitText } from "../../scheduler/limits/limit-words.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { amountsOf } from "../../scheduler/queue/limit-book.ts"
import { Standings } from "../../scheduler/queue/standings.ts"
import { readArrayTasks } from "../../scheduler/request/array-tasks.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { limitBookOf } from "../usage/limit-book-of.ts"
import { effectiveLimitOf, partitionsOf, placedAs } from "./who-of.ts"

/**
 * Looks whether limits refuse jobs when they are sent: one more may not wait, or it would wait for ever and its QOS denies that. What may start in
 * one of its partitions is taken. Without such limits it costs nothing. Changes nothing.
 *
 * @param specs of one batch: those before count, too
 * @returns why each is refused, by its place in the batch; nothing where all are taken
 */
export function refusedByLimits(
  core: Core,
  user: string,
  specs: readonly JobSpec[],
): { readonly at: number; readonly error: WindfallError } | null {
  const policy = currentPolicy(core)
  if (!looksAtSubmits(policy)) return null
  const standings = new Standings(policy)
  const book = limitBookOf(core, policy, standings)
  for (const [at, spec] of specs.entries()) {
    const { account, qos } = placedAs(policy, user, spec)
    const count = spec.array === undefined ? 1 : readArrayTasks(spec.array).count
    const found = partitionsOf(policy, spec).map((partition) => {
      const standing = standings.of(account, user, partition, qos)
      return { standing, hits: book.submitHitsOf(standing, limitedJob(policy, spec, partition), count) }
    })
    const hits = found.every((one) => one.hits.length > 0) ? (found[0]?.hits ?? []) : []
    const [first] = hits
    if (first !== undefined) {
      const never = first.lasting ? "it would never start, as " : ""
      const error = new WindfallError("not_allowed", `Cannot take the job: ${never}${limitText(first)}`, {
        hint: first.lasting
          ? "What holds for you: windfall limits"
          : "Wait until some of them have ended: windfall limits",
      })
      return { at, error }
    }
    if (found[0] !== undefined) book.waits(found[0].standing, count)
  }
  return null
}

function limitedJob(policy: Policy, spec: JobSpec, partition: string): LimitedJob {
  const limitMs = effectiveLimitOf(policy, { spec }, partition)
  const hosts = hostsOf(spec)
  return {
    resources: amountsOf(spec.resources, hosts, {}),
    resourcesPerHost: amountsOf(spec.resources, 1, {}),
    hosts,
    timeLimitMinutes: limitMs === null ? null : limitMs / 60_000,
  }
}

/** Whether anything is limited, or denied, when jobs are sent. */
function looksAtSubmits(policy: Policy): boolean {
  const known = LOOKS.get(policy)
  if (known !== undefined) return known
  const { accounts, qos, partitions } = policy
  const all = [policy, ...accounts, ...accounts.flatMap(({ members }) => members), ...qos, ...partitions]
  const looks =
    qos.some(({ deniesOnLimit }) => deniesOnLimit) ||
    all.some(({ limits }) =>
      [limits.group, limits.user, limits.account].some((one) => one?.submittedJobs !== undefined),
    )
  LOOKS.set(policy, looks)
  return looks
}

/** A policy is made anew when another one is applied. */
const LOOKS = new WeakMap<Policy, boolean>()
