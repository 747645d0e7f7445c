import { join } from "node:path"
import { Database } from "../store/database.ts"

/**
 * Names of the hosts in the pool of a server that does not run, for whoever is about to remove its data.
 * @throws what SQLite says of a database that cannot be read
 */
export function joinedHosts(dataFolder: string): string[] {
  using database = new Database(join(dataFolder, "windfall.db"))
  return database.query((query) => query.selectFrom("hosts").select("name").orderBy("name")).map(({ name }) => name)
}
