import type { ServerInstance } from "../protocol/server-instance.ts"
import type { Database } from "./database.ts"

/** The place of a data folder, by its hash and for people. */
export type Place = Pick<ServerInstance, "place" | "where">

/** Where the data folder lay when this server last had its hosts: in a copy of it, the place of the original. */
export class PlaceStore {
  readonly #get
  readonly #set

  constructor(database: Database) {
    this.#get = database.statement<{ key: string }, { value: string }>((q, v) =>
      q.selectFrom("meta").select("value").where("key", "=", v.key),
    )
    this.#set = database.statement<{ key: string; value: string }>((q, v) =>
      q.replaceInto("meta").values({ key: v.key, value: v.value }),
    )
  }

  /** What this server and its copies know and nobody else does; made at the first start. */
  secret(make: () => string): string {
    const known = this.#get.get({ key: "place_secret" })?.value
    if (known !== undefined) return known
    const secret = make()
    this.#set.run({ key: "place_secret", value: secret })
    return secret
  }

  /** `undefined` before the first. */
  last(): Place | undefined {
    const place = this.#get.get({ key: "place" })?.value
    const where = this.#get.get({ key: "where" })?.value
    return place === undefined || where === undefined ? undefined : { place, where }
  }

  set({ place, where }: Place): void {
    this.#set.run({ key: "place", value: place })
    this.#set.run({ key: "where", value: where })
  }
}
