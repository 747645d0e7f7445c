import type { RuleTexts } from "../protocol/owner.ts"
import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["fleet_policies"]

/** What a fleet says for all of its Macs: a preset of presence/owner-policy.ts, and what is to be otherwise. */
export interface FleetRules {
  readonly preset: string
  readonly rules: RuleTexts
}

/** What fleets say; one that says nothing has no row. */
export class FleetPolicyStore {
  readonly #put
  readonly #all

  constructor(database: Database) {
    this.#put = database.statement<Row>((q, v) =>
      q
        .insertInto("fleet_policies")
        .values({ fleet: v.fleet, preset: v.preset, rules_json: v.rules_json })
        .onConflict((c) => c.column("fleet").doUpdateSet({ preset: v.preset, rules_json: v.rules_json })),
    )
    this.#all = database.statement<object, Row>((q) => q.selectFrom("fleet_policies").selectAll().orderBy("fleet"))
  }

  put(fleet: string, { preset, rules }: FleetRules): void {
    this.#put.run({ fleet, preset, rules_json: JSON.stringify(rules) })
  }

  /** By the fleet's name. */
  all(): Map<string, FleetRules> {
    return new Map(
      this.#all
        .all({})
        .map(({ fleet, preset, rules_json }) => [fleet, { preset, rules: JSON.parse(rules_json) as RuleTexts }]),
    )
  }
}
