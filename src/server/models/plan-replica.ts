import { chooseEngine } from "../../hive/engines/choose-engine.ts"
import type { EngineRules } from "../../hive/engines/engine-rules.ts"
import { withEngines } from "../../hive/fleet/engine-hosts.ts"
import type { Fleet } from "../../hive/fleet/fleet.ts"
import { liveFleet } from "../../hive/fleet/live-fleet.ts"
import type { ModelFacts } from "../../hive/model/model-facts.ts"
import { withEqualEngines } from "../../hive/plan/equal-engines.ts"
import type { HivePlan, PlanRequest } from "../../hive/plan/model-plan.ts"
import { hivesFor, planModel } from "../../hive/plan/plan-model.ts"
import { PreparedFleet } from "../../hive/plan/prepared-fleet.ts"
import type { HostView } from "../../protocol/host.ts"
import { standingOf, takesJobs } from "../../protocol/host-standing.ts"
import type { ServeOptions } from "../../protocol/model-api.ts"
import type { Core } from "../core.ts"
import { hostView } from "../fleet/host-view.ts"
import { engineHosts } from "./engine-hosts.ts"

export interface ReplicaWish {
  readonly facts: ModelFacts
  readonly options: ServeOptions
  readonly user: string
  /** Hosts, by id, that it must not have, and why in words. */
  readonly avoid: ReadonlyMap<string, string>
}

export type ReplicaChoice =
  | { readonly hive: HivePlan; readonly startsNow: boolean; readonly reason: null }
  /** @param reason why there is no place for it, in words */
  | { readonly hive: null; readonly startsNow: false; readonly reason: string }

/**
 * Where a replica is to run: on hosts that would take it now, if there are such; else where it could once these are free. Layers of one
 * replica lie on several hosts only where none holds all, and where its members may talk to each other.
 */
export function planReplica(core: Core, wish: ReplicaWish): ReplicaChoice {
  const views = core.fleet.all().map((host) => hostView(core, host, { user: wish.user, role: "user" }))
  const now = choose(core, wish, fleetOf(core, wish, views, true))
  const later = choose(core, wish, fleetOf(core, wish, views, false))
  // Nobody splits for the sake of an hour what one Mac holds: a token over a network costs more for as long as it is served.
  const isAsSmall = now !== undefined && now.members.length <= (later?.members.length ?? now.members.length)
  if (isAsSmall && mayTalk(now, wish.options)) return { hive: now, startsNow: true, reason: null }
  if (later === undefined) return { hive: null, startsNow: false, reason: whyNowhere(core, wish, views) }
  if (!mayTalk(later, wish.options)) return { hive: null, startsNow: false, reason: untrustedText(later) }
  return { hive: later, startsNow: false, reason: null }
}

function choose(core: Core, wish: ReplicaWish, fleet: Fleet): HivePlan | undefined {
  const plan = (on: Fleet) => hivesOn(wish, on)
  return plan(withEqualEngines(fleet, wish.options.engine, engineHosts(core), plan))[0]
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
  const { avoid, options } = wish
  const { pins, engine } = options
  const fleet = withEngines(liveFleet(views, onlyNow), engine, engineHosts(core))
  const hosts = fleet.hosts.map((host, at) => {
    const view = views[at]!
    const standing = standingOf(view)
    const excluded =
      host.excluded ??
      avoid.get(view.id) ??
      (pins.length > 0 && !pins.includes(view.name) ? "it is not among those that were named (--pin)" : null) ??
      (onlyNow && !takesJobs(standing) ? standing.text || "jobs have it" : null)
    return { ...host, excluded }
  })
  return { ...fleet, hosts }
}

/** What engines say to each other is neither encrypted nor do they ask who it is: only a cable between two Macs is theirs alone. */
function mayTalk({ members, ways }: HivePlan, { trustsNetwork }: ServeOptions): boolean {
  return members.length === 1 || trustsNetwork || ways.every(({ kind }) => kind === "thunderbolt")
}

function untrustedText({ members, ways }: HivePlan): string {
  const over = ways.find(({ kind }) => kind !== "thunderbolt")?.kind ?? "the network"
  const names = members.map(({ host }) => host.name).join(", ")
  return `no Mac alone holds it, and between ${names} engines would talk over ${over === "unknown" ? "the network" : over}, where whoever reaches them could run programs: an administrator can accept that with windfall model serve NAME --trust-network`
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
  const verdict = plan.verdicts.find(({ host }) => host === odd?.name) ?? plan.verdicts[0]
  // More memory does not help where nothing of what there is can be used.
  const isUseless = plan.verdicts.every(({ code }) => code === "excluded")
  const why = verdict === undefined ? "it fits nowhere" : `it fits nowhere (${verdict.host}: ${verdict.text})`
  return remedy === undefined || isUseless || odd !== undefined ? why : `${why}. ${remedy}`
}
