import { chooseEngine } from "../../hive/engines/choose-engine.ts"
import type { EngineRules } from "../../hive/engines/engine-rules.ts"
import { withEngines } from "../../hive/fleet/engine-hosts.ts"
import type { Fleet, FleetHost } from "../../hive/fleet/fleet.ts"
import { type NetworkChoice, networkFor } from "../../hive/fleet/hive-network.ts"
import { liveFleet } from "../../hive/fleet/live-fleet.ts"
import type { ModelFacts } from "../../hive/model/model-facts.ts"
import { withEqualEngines } from "../../hive/plan/equal-engines.ts"
import { hivesFor } from "../../hive/plan/hives-for.ts"
import type { HivePlan, HostVerdict, PlanRequest } from "../../hive/plan/model-plan.ts"
import { planModel } from "../../hive/plan/plan-model.ts"
import { PreparedFleet } from "../../hive/plan/prepared-fleet.ts"
import type { HiveNetwork } from "../../protocol/hive-network.ts"
import type { HostView } from "../../protocol/host.ts"
import { standingOf, takesJobs } from "../../protocol/host-standing.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { ServeOptions } from "../../protocol/model-api.ts"
import type { Core } from "../core.ts"
import { hostView } from "../fleet/host-view.ts"
import { engineHosts } from "./engine-hosts.ts"
import type { NeedFactors } from "./held-memory.ts"

export interface ReplicaWish {
  readonly facts: ModelFacts
  readonly options: ServeOptions
  readonly user: string
  /** Hosts, by id, that it must not have, and why in words. */
  readonly avoid: ReadonlyMap<string, string>
  /** Hosts, by id, where nothing may listen but on loopback, and why in words. */
  readonly loopbackOnly?: ReadonlyMap<string, string>
  /** Hosts, by id, that did not answer over their Thunderbolt cables, and why in words. */
  readonly withoutCables?: ReadonlyMap<string, string>
  /** Hosts, by id, where a member needs more than is planned, and how many times that. */
  readonly needFactors?: NeedFactors
  /** Jobs that are left out, as if they had ended. */
  readonly without?: ReadonlySet<JobId>
}

export type ReplicaChoice =
  | {
      readonly hive: HivePlan
      readonly network: HiveNetwork | undefined
      readonly startsNow: boolean
      readonly reason: null
    }
  /** @param reason why there is no place for it, in words */
  | { readonly hive: null; readonly startsNow: false; readonly reason: string }

/**
 * Where a replica is to run: on hosts that would take it now, if there are such; else where it could once these are free. Layers of one
 * replica lie on several hosts only where none holds all, and where its members may talk to each other.
 */
export function planReplica(core: Core, wish: ReplicaWish): ReplicaChoice {
  const views = core.fleet.all().map((host) => hostView(core, host, { user: wish.user, role: "user" }, wish.without))
  const now = choose(core, wish, fleetOf(core, wish, views, true))
  const later = choose(core, wish, fleetOf(core, wish, views, false))
  // Nobody splits for the sake of an hour what one Mac holds: a token over a network costs more for as long as it is served.
  const isAsSmall =
    now !== undefined && now.hive.members.length <= (later?.hive.members.length ?? now.hive.members.length)
  if (isAsSmall && now.refusal === null) return { hive: now.hive, network: now.network, startsNow: true, reason: null }
  if (later === undefined) return { hive: null, startsNow: false, reason: whyNowhere(core, wish, views) }
  if (later.refusal !== null) return { hive: null, startsNow: false, reason: refusalText(wish, later) }
  return { hive: later.hive, network: later.network, startsNow: false, reason: null }
}

type Chosen = { readonly hive: HivePlan } & NetworkChoice

function choose(core: Core, wish: ReplicaWish, fleet: Fleet): Chosen | undefined {
  const { engine, trustsNetwork } = wish.options
  const plan = (on: Fleet) => hivesOn(wish, on)
  const best = (on: Fleet): Chosen | undefined => {
    const [hive] = plan(withEqualEngines(on, engine, engineHosts(core), plan))
    return hive === undefined ? undefined : { hive, ...networkFor(hive, trustsNetwork) }
  }
  const found = best(fleet)
  if (found === undefined || found.refusal === null) return found
  // Others may be slower, or more, and in one network that is trusted.
  for (const net of new Set(fleet.hosts.flatMap(({ hiveNets = [] }) => hiveNets))) {
    const inNet = best({ ...fleet, hosts: fleet.hosts.filter(({ hiveNets = [] }) => hiveNets.includes(net)) })
    if (inNet?.refusal === null) return inNet
  }
  return found
}

function hivesOn(wish: ReplicaWish, fleet: Fleet): readonly HivePlan[] {
  return hivesFor(wish.facts, new PreparedFleet(fleet), rulesFor(wish), requestOf(wish))
}

function rulesFor({ facts, options }: ReplicaWish): EngineRules {
  return chooseEngine(facts, options.engine, false)
}

function requestOf({ options }: ReplicaWish): PlanRequest {
  return { ...options, replicas: 1, members: null }
}

function fleetOf(core: Core, wish: ReplicaWish, views: readonly HostView[], onlyNow: boolean): Fleet {
  const { avoid, loopbackOnly, withoutCables, needFactors, options } = wish
  const { pins, engine, trustsNetwork } = options
  const fleet = withEngines(liveFleet(views, onlyNow, !trustsNetwork), engine, engineHosts(core))
  const hosts = fleet.hosts.map((host, at) => {
    const view = views[at]!
    const standing = standingOf(view)
    const excluded =
      (pins.length > 0 && !pins.includes(view.name) ? NOT_NAMED : null) ??
      host.excluded ??
      avoid.get(view.id) ??
      (onlyNow && !takesJobs(standing) ? standing.text || "jobs have it" : null)
    const cabled = withoutCables?.has(view.id) ? uncabled(host) : host
    const budgetBytes = Math.floor(host.budgetBytes / (needFactors?.get(view.id) ?? 1))
    return { ...cabled, budgetBytes, excluded, ...(loopbackOnly?.has(view.id) ? { isLoopbackOnly: true } : {}) }
  })
  return { ...fleet, hosts }
}

/** As if it had no cables: it is reached over whatever else it has. */
function uncabled(host: FleetHost): FleetHost {
  const isByCable = host.network.kind === "thunderbolt"
  const network = isByCable ? ({ kind: "unknown", mbps: null } as const) : host.network
  return { ...host, cables: [], hasRdma: false, network }
}

/** Why members of a plan may not talk to each other, and by which command an administrator lets them. */
function refusalText({ loopbackOnly }: ReplicaWish, { hive, refusal }: Chosen): string {
  const { members, ways } = hive
  const names = members.map(({ host }) => host.name).join(", ")
  if (refusal === "loopback_only") {
    const [why = ""] = loopbackOnly?.values() ?? []
    return `no Mac alone holds it, over ${names} its engine would have to listen on more than loopback, and ${hive.engine} cannot be tunnelled: ${why}`
  }
  const over = ways.find(({ kind }) => kind !== "thunderbolt")?.kind ?? "unknown"
  const network = over === "unknown" ? "the network" : over === "wifi" ? "Wi-Fi" : over
  const trust = `an administrator can say which network is trusted (windfall fleet set --hive-network trusted CIDR), or accept that for this model: windfall model serve NAME --trust-network`
  if (refusal === "pointless") {
    const share = Math.round((hive.hopsMs / hive.tokenMs) * 100)
    return `no Mac alone holds it, and between ${names} tunnels through the server would take ${share} % of each token's time; ${trust}`
  }
  return `no Mac alone holds it, and between ${names} engines would talk over ${network}, where whoever reaches them could run programs; ${hive.engine} cannot be tunnelled. ${trust[0]?.toUpperCase()}${trust.slice(1)}`
}

function whyNowhere(core: Core, wish: ReplicaWish, views: readonly HostView[]): string {
  if (views.length === 0) return "there are no hosts: windfall host add user@mac"
  const { facts, options } = wish
  const all = fleetOf(core, wish, views, false)
  const fleet = withEqualEngines(all, options.engine, engineHosts(core), (on) => hivesOn(wish, on))
  const plan = planModel(facts, new PreparedFleet(fleet), rulesFor(wish), requestOf(wish))
  const [remedy] = plan.remedies
  // Of engines that do not go together it must be said, before who is too small alone.
  const odd = fleet === all ? undefined : fleet.hosts.find(({ excluded }, at) => excluded !== all.hosts[at]?.excluded)
  const verdicts = odd === undefined ? plan.verdicts : plan.verdicts.filter(({ host }) => host === odd.name)
  // More memory does not help where nothing of what there is can be used.
  const isUseless = plan.verdicts.every(({ code }) => code === "excluded")
  const obstacles = obstaclesText([
    ...options.pins.filter((pin) => !views.some(({ name }) => name === pin)).map((host) => ({ host, text: NO_HOST })),
    ...verdicts.map((verdict) => withHeld(core, wish, verdict)),
  ])
  const why = obstacles === "" ? "it fits nowhere" : `it fits nowhere (${obstacles})`
  return remedy === undefined || isUseless || odd !== undefined ? why : `${why}. ${remedy}`
}

/** What it was seen to hold is said where the room there is not enough for that. */
function withHeld(core: Core, { needFactors }: ReplicaWish, verdict: HostVerdict): HostVerdict {
  const factor = needFactors?.get(core.fleet.find(verdict.host).record.id)
  if (factor === undefined || verdict.code !== "too_small") return verdict
  return {
    ...verdict,
    text: `it ran out of memory there, and would be given ${factor.toFixed(1)} times what is reckoned`,
  }
}

const NOT_NAMED = "it is not among those that were named (--pin)"
const NO_HOST = "it is no host any more, and it was named (--pin; --any-host takes that back)"
/** A reason is one line: so many obstacles that differ are named, and so many hosts of each. */
const MOST_OBSTACLES = 4
const MOST_NAMES = 3

/**
 * What stands in the way, host by host, those with the same together: "mac1, mac2: it is held back; mac3: one is served there". That a
 * host was not named is somebody's wish and no obstacle: it is said only where there is nothing else.
 */
export function obstaclesText(verdicts: readonly Pick<HostVerdict, "host" | "text">[]): string {
  const real = verdicts.filter(({ text }) => text !== NOT_NAMED)
  const hosts = new Map<string, string[]>()
  for (const { host, text } of real.length > 0 ? real : verdicts) hosts.set(text, [...(hosts.get(text) ?? []), host])
  const each = [...hosts].map(([text, names]) => {
    const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ""
    return `${names.slice(0, MOST_NAMES).join(", ")}${more}: ${text}`
  })
  const more = each.length > MOST_OBSTACLES ? `; and ${each.length - MOST_OBSTACLES} other reasons` : ""
  return `${each.slice(0, MOST_OBSTACLES).join("; ")}${more}`
}
