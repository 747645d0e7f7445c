import { DEFAULT_PARTITION, DEFAULT_SPEC } from "../../protocol/job.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"
import type { LimitsView, LimitView } from "../../protocol/usage-api.ts"
import type { LimitInForce } from "../../scheduler/limits/limits.ts"
import { Standings } from "../../scheduler/queue/standings.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { placedAs } from "../queue/who-of.ts"
import { limitBookOf } from "./limit-book-of.ts"

export interface LimitsAsked {
  readonly account?: string | undefined
  readonly partition?: string | undefined
  readonly qos?: string | undefined
}

/** Which limits hold for a job of this user, and how much of each is used by what runs, waits and has run. */
export function limitsView(core: Core, user: string, asked: LimitsAsked): LimitsView {
  const policy = currentPolicy(core)
  const { account = null, qos: askedQos = null, partition = policy.defaultPartition } = asked
  const queue = { ...NO_QUEUE_REQUEST, account, qos: askedQos }
  const { account: of, qos } = placedAs(policy, user, {
    ...DEFAULT_SPEC,
    command: [],
    partition: DEFAULT_PARTITION,
    queue,
  })
  const standings = new Standings(policy)
  const standing = standings.of(of, user, partition, qos)
  const book = limitBookOf(core, policy, standings)
  const limits = book.of(standing).inForce.map(limitView)
  return { user, account: of, partition, qos, refusal: standing.refusal, limits }
}

function limitView({ layer, scope, limit, resource, most, ...rest }: LimitInForce): LimitView {
  return {
    layer: layer.kind,
    name: layer.name,
    scope,
    limit,
    resource,
    most,
    used: usedOf({ layer, scope, limit, resource, most, ...rest }),
  }
}

function usedOf({ layer: { counts }, scope, limit, resource }: LimitInForce): number | null {
  if (scope === "job") return null
  const counted: Readonly<Record<string, unknown>> = { ...counts[scope] }
  const value = counted[limit]
  if (resource === null) return typeof value === "number" ? value : 0
  return (value as Readonly<Record<string, number>> | undefined)?.[resource] ?? 0
}
