import { formatBytes } from "../base/bytes.ts"
import type { HostRule, HostView } from "./host.ts"
import type { HostObstacle } from "./owner.ts"
import { DEFAULT_MEMORY_BYTES } from "./resources.ts"

/** Rules as a server of this release shows them; an older one may not. */
export interface RuledHost {
  readonly owner: string | null
  readonly policy?: readonly HostRule[]
}

export type BarredHost = RuledHost &
  Pick<HostView, "link" | "reason" | "leaving" | "draining" | "withheld" | "facts" | "total">

/** What keeps every job from a host, whoever sends it and whoever is at it. */
export interface HostBar {
  readonly code: Exclude<HostView["link"], "ready"> | "left" | "leaving" | "draining" | "withheld" | "memory"
  /** Why, in words, as the end of "mac-3: ..."; "" when the code says all. */
  readonly text: string
}

/** The first that holds of: it leaves, it is not there, it gets nothing, it has no memory for jobs. */
export function barOf(host: BarredHost): HostBar | null {
  const { link, leaving, facts } = host
  const why = host.reason ?? ""
  if (leaving?.phase === "left") return { code: "left", text: why }
  if (leaving !== null) return { code: "leaving", text: why === "" ? `${leaving.by} lets it leave` : why }
  if (link !== "ready") return { code: link, text: why }
  if (host.draining) return { code: "draining", text: "an administrator has drained it" }
  if (host.withheld !== null) return { code: "withheld", text: host.withheld }
  const kept = facts === null ? null : allKeptText(host.policy, facts.memoryBytes, host.total.memoryBytes)
  return kept === null ? null : { code: "memory", text: kept }
}

/** That the rules leave no job any memory; `null` where they do. @param totalBytes what jobs may use of it */
export function allKeptText(
  policy: readonly HostRule[] | undefined,
  memoryBytes: number,
  totalBytes: number,
): string | null {
  if (totalBytes >= DEFAULT_MEMORY_BYTES) return null
  const kept = ruleOf(policy, "keep_memory")
  if (kept === undefined || kept === "default") return `${formatBytes(totalBytes)} of its memory are for jobs`
  return `its rules keep ${kept} of its ${formatBytes(memoryBytes)} from jobs (keep_memory)`
}

/** Users whose jobs may run there, its owner first; `null`: everybody's. */
export function usersThere({ owner, policy }: RuledHost): readonly string[] | null {
  const who = ruleOf(policy, "who")
  if (who === undefined || who === "everyone") return null
  const named = who === "nobody" ? [] : who.split(", ")
  return [...new Set([...(owner === null ? [] : [owner]), ...named])]
}

/** Whose jobs alone may run there, in words; `null` where everybody's may. */
export function whoseText(host: RuledHost): string | null {
  const users = usersThere(host)
  if (users === null) return null
  return users.length === 0 ? "its rules let nobody's jobs run there (who)" : `only jobs of ${listed(users)} (who)`
}

/** Why no job starts whatever the people at it do, in words for who rules the host; `null` where some may. */
export function closedText(host: BarredHost): string | null {
  const bar = barOf(host)
  if (bar !== null) return barText(bar)
  return usersThere(host)?.length === 0 ? whoseText(host) : null
}

function barText({ code, text }: HostBar): string {
  const more = text === "" ? "" : `: ${text}`
  if (code === "left") return `it has left the pool${more}`
  if (code === "leaving") return `it leaves the pool${more}`
  return ["connecting", "asleep", "down", "refused"].includes(code) ? `it cannot be reached now (${code})${more}` : text
}

/** Whether jobs may start, in words: "jobs may start", "jobs of mia may start", "no job starts: ...". */
export function startText(
  host: RuledHost & { readonly obstacles: readonly HostObstacle[]; readonly closed?: string | null },
): string {
  const reasons = [...(host.closed == null ? [] : [host.closed]), ...host.obstacles.map(({ text }) => text)]
  if (reasons.length > 0) return `no job starts: ${reasons.join("; ")}`
  const users = usersThere(host)
  return users === null ? "jobs may start" : `jobs of ${listed(users)} may start`
}

function ruleOf(policy: readonly HostRule[] | undefined, name: string): string | undefined {
  return policy?.find((rule) => rule.name === name)?.value
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
}
