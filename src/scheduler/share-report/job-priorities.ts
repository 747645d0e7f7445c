import { ageFactor, amountFactor, rankFactor, sizeFactor } from "../priority/factors.ts"
import { type Priority, type PriorityFactors, priorityOf } from "../priority/priority.ts"
import type { ClassicShareRow } from "../share/classic-share.ts"
import type { FairTreeRow } from "../share/fair-tree.ts"
import type { DescribedJob } from "./described-job.ts"
import type { DescribedNode } from "./described-node.ts"
import type { ShareDescription } from "./share-description.ts"

const YEAR_MINUTES = 365 * 24 * 60

/** The priority of a job in one of its partitions and QOS. */
export interface JobPriority extends Priority {
  readonly job: string
  readonly user: string
  /** The user's path in the tree; `null` when the job names none. */
  readonly share: readonly string[] | null
  readonly partition: string
  readonly qos: string
}

type Row = Pick<FairTreeRow | ClassicShareRow, "path" | "kind" | "fairShare">

/** @throws {RangeError} in words, for a job whose user, partition or QOS is not there */
export function jobPriorities(description: ShareDescription, rows: readonly Row[]): readonly JobPriority[] {
  const ranks = ranksOf(description.tree, [])
  const highest = ranks.reduce((most, { rank }) => Math.max(most, rank), 0)
  const priorities = description.jobs.flatMap((job, at) => {
    const name = job.job === "" ? String(at + 1) : job.job
    const row = rowOf(job, name, rows)
    const { policy } = description
    const rank = ranks.find(({ path }) => row !== null && isSamePath(path, row.path))?.rank ?? 0
    const association = rankFactor(rank, highest, policy.priority.raw.includes("association"))
    const factors = { ...reckoned(job, name, description), association, fairShare: row?.fairShare ?? 0 }
    return (job.partition ?? [policy.defaultPartition]).flatMap((partition) =>
      (job.qos ?? [policy.defaultQos]).map((qos): JobPriority => {
        const all = { ...factors, ...ranked(name, partition, qos, description), ...job.factors }
        const { priority, rows: table } = priorityOf(all, policy.priority.weights, job.priority)
        return { job: name, user: job.user, share: row?.path ?? null, partition, qos, priority, rows: table }
      }),
    )
  })
  return priorities.toSorted((a, b) => b.priority - a.priority)
}

/** What does not hang on user, partition and QOS. */
function reckoned(job: DescribedJob, name: string, { policy, pool, nowMs }: ShareDescription) {
  const { priority } = policy
  if (job.sinceMs !== null && nowMs === null)
    throw new RangeError(`job ${name} says since when it waits, and the file has no "now"`)
  const sinceMs = job.sinceMs ?? (job.ageMs === null ? null : -job.ageMs)
  const resources = Object.keys(priority.weights.resources).map((resource) => {
    const whole = pool.resources[resource] ?? (resource === "cpu" ? pool.cores : 0)
    return [resource, amountFactor(job.resources[resource] ?? 0, whole, priority.raw.includes("resources"))] as const
  })
  const size = {
    hosts: job.hosts,
    cores: job.resources.cpu ?? null,
    timeLimitMinutes: job.timeLimitMs === null ? YEAR_MINUTES : job.timeLimitMs / 60_000,
  }
  return {
    age: ageFactor(sinceMs, job.sinceMs === null ? 0 : (nowMs ?? 0), priority.maxAgeMs),
    size: sizeFactor(size, pool, priority.size),
    resources: Object.fromEntries(resources),
    site: job.site,
    nice: job.nice,
  }
}

function ranked(
  job: string,
  partition: string,
  qos: string,
  { policy }: ShareDescription,
): Pick<PriorityFactors, "partition" | "qos"> {
  const of = (
    what: "partition" | "qos",
    name: string,
    entries: readonly { readonly name: string; readonly rank: number }[],
  ) => {
    const entry = entries.find((one) => one.name === name)
    if (entry === undefined)
      throw new RangeError(`job ${job} names the ${what} ${name}, which policy does not describe`)
    return rankFactor(entry.rank, Math.max(...entries.map(({ rank }) => rank)), policy.priority.raw.includes(what))
  }
  return { partition: of("partition", partition, policy.partitions), qos: of("qos", qos, policy.qos) }
}

function rowOf({ user, account }: DescribedJob, job: string, rows: readonly Row[]): Row | null {
  if (user === "") return null
  const wanted = user.split("/")
  const found = rows.filter(({ kind, path }) => {
    if (kind !== "user") return false
    const isNamed = wanted.length > 1 ? isSamePath(path, wanted) : path.at(-1) === user
    return isNamed && (account === null || (path.at(-2) ?? "root") === account)
  })
  const [row, second] = found
  if (row === undefined) {
    throw new RangeError(`job ${job} is of ${user}${account === null ? "" : ` in ${account}`}, who is not in the tree`)
  }
  if (second !== undefined) {
    const where = found.map(({ path }) => path.join("/")).join(", ")
    throw new RangeError(`job ${job} is of ${user}, who is in the tree several times (${where}): name the account, too`)
  }
  return row
}

function ranksOf(
  nodes: readonly DescribedNode[],
  above: readonly string[],
): { path: readonly string[]; rank: number }[] {
  return nodes.flatMap((node) => {
    const path = [...above, node.name]
    return node.kind === "user" ? [{ path, rank: node.rank }] : ranksOf(node.children, path)
  })
}

function isSamePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at])
}
