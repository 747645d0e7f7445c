import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["data_uses"]

/** When jobs last had data of a name. Times are milliseconds since 1970. */
export class DataUseStore {
  readonly #put
  readonly #row

  constructor(database: Database) {
    this.#put = database.statement<Row>((q, v) =>
      q.replaceInto("data_uses").values({ name: v.name, used_at: v.used_at }),
    )
    this.#row = database.statement<Pick<Row, "name">, Row>((q, v) =>
      q.selectFrom("data_uses").selectAll().where("name", "=", v.name),
    )
  }

  /** Within a change. */
  put(name: string, at: number): void {
    this.#put.run({ name, used_at: at })
  }

  /** 0: never, as far as is known. */
  of(name: string): number {
    return this.#row.get({ name })?.used_at ?? 0
  }
}
