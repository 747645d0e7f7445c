import { msBetween } from "./moment.ts"
import { orderObstacles, powerObstacles, type Scene } from "./obstacle.ts"
import { BLIND_FOR_MS } from "./presence.ts"
import { ifKnown } from "./reading.ts"
import type { Why } from "./why.ts"

/** What is asked of an attempt just now, the strongest of all there is. */
export interface Demand {
  readonly to: "vacate" | "suspend" | "yield"
  readonly why: Why
}

const STRENGTH = { vacate: 3, suspend: 2, yield: 1 } as const

/**
 * What is asked of an attempt of that age; `undefined` when nothing is. Hours are known beforehand, so whoever is caught by their
 * end is vacated: stopped it would only hold memory. Everything else may be over soon.
 *
 * @param busyForMs for how long the load that is not of jobs has been high
 */
export function demandOn(scene: Scene, ageMs: number, busyForMs: number): Demand | undefined {
  const demands = [...orderDemands(scene), ...presenceDemands(scene), ...powerDemands(scene)]
  const load = scene.policy.manners.load
  if (load !== null && busyForMs > load.busyForMs && ageMs > load.minAgeMs) {
    const why: Why = { code: "foreign_load", load: ifKnown(scene.conditions.foreignLoad) ?? null }
    demands.push({ to: "suspend", why })
  }
  return demands.reduce<Demand | undefined>(
    (strongest, demand) =>
      strongest === undefined || STRENGTH[demand.to] > STRENGTH[strongest.to] ? demand : strongest,
    undefined,
  )
}

/** Somebody is there, or it has not been known for so long that somebody may well be. */
export function mindsOwner({ watch, now }: Scene): boolean {
  if (watch === undefined) return false
  const { state, since } = watch.presence
  return state === "here" || (state === "unknown" && msBetween(since, now) >= BLIND_FOR_MS)
}

function orderDemands(scene: Scene): Demand[] {
  const { onReturn } = scene.policy.values
  return orderObstacles(scene).map((why) => ({
    to: why.code === "outside_hours" || onReturn === "vacate" ? "vacate" : "suspend",
    why,
  }))
}

function presenceDemands(scene: Scene): Demand[] {
  const { onReturn } = scene.policy.values
  const presence = scene.watch?.presence
  if (onReturn === "ignore" || presence === undefined || presence.state === "away" || !mindsOwner(scene)) return []
  const why: Why =
    presence.state === "here"
      ? { code: "owner_here", sign: presence.sign }
      : { code: "presence_unknown", reason: presence.reason }
  return [{ to: onReturn, why }]
}

function powerDemands(scene: Scene): Demand[] {
  // One probe of the battery that fails is no reason to stop what runs.
  return powerObstacles(scene).flatMap((why) => (why.code === "power_unknown" ? [] : [{ to: "suspend" as const, why }]))
}
