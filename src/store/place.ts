import type { ServerInstance } from "../protocol/server-instance.ts"
import type { Database } from "./database.ts"

type Place = Pick<ServerInstance, "place" | "where">

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
