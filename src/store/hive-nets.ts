import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["hive_nets"]

/** Networks that an administrator trusts for members of hives; a fleet of which nothing was said has no row. */
export class HiveNetStore {
  readonly #put
  readonly #remove
  readonly #all

  constructor(database: Database) {
    this.#put = database.statement<Row>((q, v) =>
      q
        .insertInto("hive_nets")
        .values({ fleet: v.fleet, nets_json: v.nets_json })
        .onConflict((c) => c.column("fleet").doUpdateSet({ nets_json: v.nets_json })),
    )
    this.#remove = database.statement<Pick<Row, "fleet">>((q, v) =>
      q.deleteFrom("hive_nets").where("fleet", "=", v.fleet),
    )
    this.#all = database.statement<object, Row>((q) => q.selectFrom("hive_nets").selectAll().orderBy("fleet"))
  }

  /** @param nets none: nothing is trusted any more */
  put(fleet: string, nets: readonly string[]): void {
    if (nets.length === 0) this.#remove.run({ fleet })
    else this.#put.run({ fleet, nets_json: JSON.stringify(nets) })
  }

  /** By the fleet's name. */
  all(): ReadonlyMap<string, readonly string[]> {
    return new Map(this.#all.all({}).map(({ fleet, nets_json }) => [fleet, JSON.parse(nets_json) as string[]]))
  }

  of(fleet: string): readonly string[] {
    return this.all().get(fleet) ?? []
  }
}
