/**
 * A job on several hosts at once, all or none: a gang. Each of its attempts has a member on every one of its hosts, numbered by rank
 * from 0; the member of rank 0 is the main one.
 */
import { WindfallError } from "./errors.ts"
import type { HiveNetwork } from "./hive-network.ts"
import type { JobSpec } from "./job.ts"

/** What a sender says of a job on several hosts. */
export interface GangRequest {
  /** 2 or more. */
  readonly hosts: number
  /** What a member whose command fails means for the others. A lost host, an owner, limits and a stop always end all. */
  readonly onMemberFailure: "end" | "continue"
  /** Whose files come home: the main member's, or each one's in a folder `rank-N` of its own. */
  readonly outputsFrom: "main" | "all"
  /** By rank: the hosts it must run on, by id, and what it holds on each. Of hives only; absent: any hosts, as much on each. */
  readonly members?: readonly GangPlace[] | undefined
  /** What members talk over. Of hives only; absent: the best net that they share. */
  readonly network?: HiveNetwork | undefined
}

export interface GangPlace {
  readonly host: string
  readonly memoryBytes: number
  /** Whether it gets the job's data. @default true */
  readonly hasData?: boolean | undefined
}

export const ON_MEMBER_FAILURE = ["end", "continue"] as const
export const OUTPUTS_FROM = ["main", "all"] as const
export const MOST_GANG_HOSTS = 64

/** On how many hosts a job runs at once. */
export function hostsOf({ gang }: Pick<JobSpec, "gang">): number {
  return gang?.hosts ?? 1
}

/** Members talk to each other, which macOS lets only children of a live session do: as if `--needs-lan` were said. */
export function isLinked({ gang, needsLan }: Pick<JobSpec, "gang" | "needsLan">): boolean {
  return needsLan || gang !== undefined
}

/**
 * Reads what flags and job files say of it; `undefined` for one host.
 * @throws {WindfallError} invalid_input, with `details.field`
 */
export function readGang(values: {
  readonly nodes?: number | undefined
  readonly "on-member-failure"?: string | undefined
  readonly "outputs-from"?: string | undefined
}): GangRequest | undefined {
  const { nodes = 1 } = values
  const onMemberFailure = oneOf("on-member-failure", values["on-member-failure"], ON_MEMBER_FAILURE) ?? "end"
  const outputsFrom = oneOf("outputs-from", values["outputs-from"], OUTPUTS_FROM) ?? "main"
  if (nodes > 1) return { hosts: nodes, onMemberFailure, outputsFrom }
  for (const field of ["on-member-failure", "outputs-from"] as const) {
    if (values[field] === undefined) continue
    throw new WindfallError("invalid_input", `Cannot use --${field}: the job runs on one host`, {
      hint: `Say on how many, too: --nodes 2 --${field} ${values[field]}`,
      details: { field },
    })
  }
  return undefined
}

/** Why a job cannot run on several hosts with what else is said of it, or `null` when it can. */
export function gangProblem({ gang, kind, pty, host }: Pick<JobSpec, "gang" | "kind" | "pty" | "host">): string | null {
  if (gang === undefined) return null
  if (kind === "session") return "a session is on one host"
  if (pty !== null) return "a terminal is on one host"
  return host === null ? null : `${host} is one host`
}

function oneOf<const T extends string>(field: string, value: string | undefined, values: readonly T[]): T | undefined {
  if (value === undefined || (values as readonly string[]).includes(value)) return value as T | undefined
  throw new WindfallError(
    "invalid_input",
    `Cannot use --${field} ${JSON.stringify(value)}: it is ${values.join(" or ")}`,
    {
      hint: `For instance: --${field} ${values[0]}`,
      details: { field },
    },
  )
}
