import { matchesHost } from "../../scheduler/policy/host-match.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { billableUnits } from "../../scheduler/share/billing.ts"
import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import type { UsageInterval } from "../../store/usage.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { partitionsOf, placedAs } from "../queue/who-of.ts"
import { heldBy } from "./interval-charges.ts"

type Terms = Omit<UsageInterval, "fromMs" | "toMs" | "stops">

/**
 * What an attempt that begins now is charged a second, to whom and by which factor: it stays so, whatever policy says later.
 * @param model what it serves; `null`: none
 */
export function termsOf(
  policy: Policy,
  job: JobRecord,
  attempt: AttemptRecord,
  host: FleetHost | undefined,
  model: string | null,
): Terms {
  const { user, spec, standing } = job
  const [partition = policy.defaultPartition] = partitionsOf(policy, spec)
  const ranAs = standing?.ranAs ?? { ...placedAs(policy, user, spec), partition }
  const owner = host?.record.owner ?? null
  const isOwn = owner === user
  const { lease } = attempt
  const weights = policy.partitions.find(({ name }) => name === ranAs.partition)?.billingWeights
  const plain = billableUnits(heldBy({ lease }), weights ?? policy.billing.weights, policy.billing.rule)
  const usageFactor = policy.qos.find(({ name }) => name === ranAs.qos)?.usageFactor ?? 1
  return {
    attempt: attempt.id,
    job: job.id,
    user,
    ...ranAs,
    model,
    host: attempt.hostId,
    hostName: attempt.hostName,
    lease,
    units: plain * priceOf(policy, host),
    factor: isOwn && policy.owners.uncharged ? 0 : usageFactor,
    owner,
    creditAccount: owner === null || isOwn ? null : accountOf(policy, owner),
    credit: owner === null || isOwn ? 0 : policy.owners.donated,
  }
}

/** The account of a user who names none. */
export function accountOf(policy: Policy, user: string): string {
  const own = policy.accounts.find(({ members }) => members.some((one) => one.user === user && one.isDefault))
  return own?.name ?? policy.defaultAccount
}

function priceOf(policy: Policy, host: FleetHost | undefined): number {
  if (host === undefined) return 1
  const { name, labels, facts } = host.record
  const matched = { name, labels, chip: facts?.chip ?? null }
  return policy.billing.hosts.find(({ match }) => matchesHost(match, matched))?.factor ?? 1
}
