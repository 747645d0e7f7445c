import { type MatchedHost, matchesHost } from "../policy/host-match.ts"
import type { HostPreference, Policy } from "../policy/policy.ts"
import type { QueueHost } from "./queue-scene.ts"
import type { Standing } from "./standings.ts"

/** Whom a host prefers, by policy. */
export type Preferred = Pick<HostPreference, "users" | "accounts">

/** mine: it prefers the job's user, or an account above. others: it prefers somebody, and not these. */
export type Liking = "mine" | "others" | null

export function preferredOn({ preferences }: Policy, host: MatchedHost): readonly Preferred[] {
  return preferences.flatMap(({ match, users, accounts }) => (matchesHost(match, host) ? { users, accounts } : []))
}

export function likingOf({ prefers = [] }: QueueHost, user: string, accounts: readonly string[]): Liking {
  if (prefers.length === 0) return null
  const isMine = prefers.some((one) => one.users.includes(user) || accounts.some((each) => one.accounts.includes(each)))
  return isMine ? "mine" : "others"
}

/** In which order a job takes hosts that have room at the same moment; low ones are taken first. */
export interface Ranking {
  /** The same for all to whom the order is the same. */
  readonly key: string
  readonly weights: readonly number[]
}

/** Ranks hosts for jobs: those that prefer them go first and those that prefer others last, and among these as ever. It is for ranking alone. */
export class Preferences {
  readonly #hosts: readonly QueueHost[]
  readonly #isOff: boolean
  readonly #known = new Map<Standing, Ranking>()
  /** More than hosts' own weights differ by. */
  readonly #step: number

  constructor(hosts: readonly QueueHost[]) {
    this.#hosts = hosts
    this.#isOff = hosts.every(({ prefers = [] }) => prefers.length === 0)
    this.#step = this.#isOff ? 1 : 1 + hosts.reduce((most, { weight }) => Math.max(most, Math.abs(weight)), 0) * 2
  }

  /** `null`: as hosts' weights have it. */
  rankingFor(standing: Standing): Ranking | null {
    if (this.#isOff) return null
    let ranking = this.#known.get(standing)
    if (ranking === undefined) {
      const { user, account, accounts } = standing
      const names = accounts.length === 0 ? [account] : accounts.map(({ name }) => name)
      const steps = this.#hosts.map((host) => STEPS[likingOf(host, user, names) ?? "none"])
      ranking = {
        key: steps.join(""),
        weights: this.#hosts.map(({ weight }, place) => weight + steps[place]! * this.#step),
      }
      this.#known.set(standing, ranking)
    }
    return ranking
  }
}

const STEPS = { mine: 0, none: 1, others: 2 } as const

/** As people read it behind what is said of a host; empty where it prefers nobody. */
export function preferenceText(host: QueueHost, user: string, accounts: readonly string[]): string {
  const liking = likingOf(host, user, accounts)
  if (liking === null) return ""
  if (liking === "mine") return "; it prefers such jobs"
  const names = [...new Set((host.prefers ?? []).flatMap((one) => [...one.users, ...one.accounts]))]
  const shown = names.slice(0, 3).join(", ")
  return `; it prefers jobs of ${shown}${names.length > 3 ? ", ..." : ""}`
}

/** The account and all above it. */
export function accountsUp({ accounts }: Policy, account: string): readonly string[] {
  const names: string[] = []
  for (let name: string | null = account; name !== null && !names.includes(name); ) {
    names.push(name)
    name = accounts.find((one) => one.name === name)?.parent ?? null
  }
  return names
}
