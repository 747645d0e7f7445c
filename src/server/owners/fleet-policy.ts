import { PRESET_NAMES } from "../../presence/owner-policy.ts"
import { checkRuleName, keptRules } from "../../presence/policy-values.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { FleetPolicyRequest, FleetView } from "../../protocol/owner-api.ts"
import type { Core } from "../core.ts"
import { checkWho } from "./check-owner.ts"
import { rulesText, sendOwner } from "./lever-words.ts"

/** Those that have hosts, and those of which something was said; by name. */
export function fleetViews(core: Core): FleetView[] {
  const names = new Set([
    ...core.fleet.all().map(({ record }) => record.fleet),
    ...core.store.fleetPolicies.all().keys(),
    ...core.store.hiveNets.all().keys(),
  ])
  return [...names].sort().map((name) => fleetView(core, name))
}

export function fleetView(core: Core, name: string): FleetView {
  const { preset, rules } = core.fleet.rulesOf(name)
  const hosts = core.fleet.all().filter(({ record }) => record.fleet === name)
  const hiveNets = core.store.hiveNets.of(name)
  return {
    name,
    preset,
    rules,
    hosts: hosts.map(({ record }) => record.name),
    ...(hiveNets.length === 0 ? {} : { hiveNets }),
  }
}

/**
 * Says what holds for all hosts of a fleet, but where their owners have said something else; each that can be reached is told.
 * Within a change.
 * @throws {WindfallError} `invalid_input` naming what cannot be said
 */
export function setFleetPolicy(core: Core, fleet: string, request: FleetPolicyRequest, actor: string): void {
  const before = core.fleet.rulesOf(fleet)
  const preset = request.preset ?? before.preset
  if (!PRESET_NAMES.some((name) => name === preset)) {
    throw new WindfallError(
      "invalid_input",
      `Cannot use the preset ${JSON.stringify(preset)}: there is no such preset`,
      {
        hint: `The presets are ${PRESET_NAMES.join(", ")}.`,
      },
    )
  }
  for (const name of Object.keys(request.rules)) checkRuleName(name)
  const said = Object.entries(request.rules).filter((each): each is [string, string] => each[1] !== null)
  const now = keptRules(Object.fromEntries(said))
  checkWho(core, request.rules)
  const kept = Object.entries(before.rules).filter(([name]) => request.rules[name] === undefined)
  const rules = { ...Object.fromEntries(kept), ...now }
  const changes = [
    ...(preset === before.preset ? [] : [`preset: ${preset}`]),
    ...(JSON.stringify(rules) === JSON.stringify(before.rules) ? [] : [rulesText(before.rules, rules)]),
  ]
  if (changes.length === 0) return
  core.store.fleetPolicies.put(fleet, { preset, rules })
  core.fleet.setRules(core.store.fleetPolicies.all())
  core.ledger.event({ type: "fleet_changed", fleet, what: changes.join("; ") }, actor)
  for (const host of core.fleet.all()) {
    if (host.record.fleet === fleet) sendOwner(core, host)
  }
  core.wakePlanner()
}
