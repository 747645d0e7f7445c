import type { HostId } from "../../protocol/ids.ts"

/** A job as the pass that keeps turns sees it. */
export interface TurnJob {
  readonly partition: string
  /** Hosts that it asks for by name; `null`: any of its partition. */
  readonly namedHosts: readonly HostId[] | null
  /** The reservation it runs in, on whose hosts alone it bears. */
  readonly reservation: string | null
  /** A limit of policy keeps it from starting. */
  readonly limited: boolean
  /** Below a priority or an age that policy sets nobody waits for it. */
  readonly holdsTurn: boolean
}

/**
 * start: on these hosts. limit: a limit keeps it back. priority: who stands before it in its partition could not start. resources: there
 * is no room for it.
 */
export type TurnOutcome =
  | { readonly state: "start"; readonly hosts: readonly HostId[] }
  | { readonly state: "limit" | "priority" | "resources" }

export interface TurnRules<T> {
  /** Hosts for the job among those that are not `closed`, or `null`. */
  readonly place: (job: T, closed: ReadonlySet<HostId>) => readonly HostId[] | null
  readonly hostsOf: (partition: string) => readonly HostId[]
  /** Also a job that only a limit keeps back is waited for (Slurm's assoc_limit_stop). */
  readonly limitsHoldTurn?: boolean
}

/**
 * "Wait your turn", Slurm's documented main pass without backfill: once a job cannot start for lack of hosts, no later one of its partition
 * starts, and its hosts go to nobody else. A job that names hosts keeps only these back; one in a reservation only that
 * reservation's later jobs.
 * @param jobs in queue order
 */
export function inTurn<T extends TurnJob>(jobs: Iterable<T>, rules: TurnRules<T>): Map<T, TurnOutcome> {
  const outcomes = new Map<T, TurnOutcome>()
  const closedLines = new Set<string>()
  const closedHosts = new Set<HostId>()
  const close = (job: T): void => {
    if (job.reservation === null && job.namedHosts !== null) {
      for (const host of job.namedHosts) closedHosts.add(host)
      return
    }
    closedLines.add(lineOf(job))
    if (job.reservation === null) for (const host of rules.hostsOf(job.partition)) closedHosts.add(host)
  }
  for (const job of jobs) {
    if (closedLines.has(lineOf(job))) {
      outcomes.set(job, { state: "priority" })
      continue
    }
    if (job.limited) {
      outcomes.set(job, { state: "limit" })
      if (rules.limitsHoldTurn === true) close(job)
      continue
    }
    const hosts = rules.place(job, closedHosts)
    outcomes.set(job, hosts === null ? { state: "resources" } : { state: "start", hosts })
    if (hosts === null && job.holdsTurn) close(job)
  }
  return outcomes
}

function lineOf({ reservation, partition }: TurnJob): string {
  return reservation === null ? `partition ${partition}` : `reservation ${reservation}`
}
