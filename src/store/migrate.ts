import type { Compilable, Kysely } from "kysely"
import { WindfallError } from "../protocol/errors.ts"
import { type Database, queryBuilder } from "./database.ts"
import { start } from "./migrations/0001-start.ts"
import { leftovers } from "./migrations/0002-leftovers.ts"
import { namesOnce } from "./migrations/0003-names-once.ts"
import { tokenRoles } from "./migrations/0004-token-roles.ts"
import { codes } from "./migrations/0005-codes.ts"
import { leaving } from "./migrations/0006-leaving.ts"
import { data } from "./migrations/0007-data.ts"
import { notify } from "./migrations/0008-notify.ts"
import { hostDisk } from "./migrations/0009-host-disk.ts"
import { dataWritable } from "./migrations/0010-data-writable.ts"
import { owners } from "./migrations/0011-owners.ts"
import { earlierRuns } from "./migrations/0012-earlier-runs.ts"
import { network } from "./migrations/0013-network.ts"
import { checkpoints } from "./migrations/0014-checkpoints.ts"
import { policies } from "./migrations/0015-policies.ts"
import { standings } from "./migrations/0016-standings.ts"
import { usage } from "./migrations/0017-usage.ts"
import { bookings } from "./migrations/0018-bookings.ts"
import { arrays } from "./migrations/0019-arrays.ts"
import { members } from "./migrations/0020-members.ts"
import { learnedWeeks } from "./migrations/0022-learned-weeks.ts"
import { modelKeys } from "./migrations/0024-model-keys.ts"
import { models } from "./migrations/0025-models.ts"
import { pulls } from "./migrations/0026-pulls.ts"
import { hiveNets } from "./migrations/0027-hive-nets.ts"
import { dataUses } from "./migrations/0028-data-uses.ts"
import { keyNames } from "./migrations/0029-key-names.ts"
import type { Schema } from "./schema.ts"

/** Forward only, in order; the place in this list is the version. Never change one that was released, add another. */
const MIGRATIONS: readonly ((query: Kysely<Schema>) => Compilable[])[] = [
  start,
  leftovers,
  namesOnce,
  tokenRoles,
  codes,
  leaving,
  data,
  notify,
  hostDisk,
  dataWritable,
  owners,
  earlierRuns,
  network,
  checkpoints,
  policies,
  standings,
  usage,
  bookings,
  arrays,
  learnedWeeks,
  members,
  modelKeys,
  models,
  pulls,
  hiveNets,
  dataUses,
  keyNames,
]

/** The version of the schema this release writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/**
 * Brings the database to this release's schema, each step in a transaction of its own.
 * @param version for tests of a migration: the one before it
 * @throws {WindfallError} database_too_new when a later release has written it: nothing is changed then
 */
export function migrate(database: Database, version = SCHEMA_VERSION): void {
  const found = database.schemaVersion
  if (found > SCHEMA_VERSION) {
    throw new WindfallError(
      "database_too_new",
      `Cannot open the database: it has schema version ${found} and this release knows up to ${SCHEMA_VERSION}`,
      { hint: "Use the newer release of Windfall that wrote it, or restore a copy from before the upgrade" },
    )
  }
  const query = queryBuilder()
  for (let next = found; next < version; next++) {
    database.transaction(() => {
      for (const statement of MIGRATIONS[next]!(query)) database.execute(inline(statement))
      database.execute(`PRAGMA user_version = ${next + 1}`)
    })
  }
}

/** A schema statement has no parameters but those of partial indexes, which SQLite wants as literals. */
export function inline(statement: Compilable): string {
  const { sql, parameters } = statement.compile()
  if (parameters.length > 0) throw new TypeError(`A migration with parameters: ${sql}`)
  return sql
}
