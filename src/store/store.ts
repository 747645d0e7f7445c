import { join } from "node:path"
import type { ServerId } from "../protocol/ids.ts"
import { AccountStore } from "./accounts.ts"
import { AnswerStore } from "./answers.ts"
import { BookingStore } from "./bookings.ts"

import { CodeStore } from "./codes.ts"

import { DataStore } from "./data.ts"
import { DataUseStore } from "./data-uses.ts"

import { Database } from "./database.ts"
import { diskFailure } from "./disk-failure.ts"
import { EventStore } from "./events.ts"
import { FleetPolicyStore } from "./fleet-policies.ts"
import { HiveNetStore } from "./hive-nets.ts"
import { HostStore } from "./hosts.ts"
import { JobStore } from "./jobs.ts"
import { LearnedWeekStore } from "./learned-weeks.ts"
import { MeasureStore } from "./measures.ts"
import { migrate } from "./migrate.ts"
import { ModelKeyStore } from "./model-keys.ts"
import { ModelUsageStore } from "./model-usage.ts"
import { ModelStore } from "./models.ts"
import { NotifyStore } from "./notify.ts"
import { PlaceStore } from "./place.ts"
import { PolicyStore } from "./policies.ts"
import { PullStore } from "./pulls.ts"
import { StepAsideStore } from "./step-asides.ts"
import { UsageStore } from "./usage.ts"

/** The database of one server, with a store for each kind of thing in it. */
export interface Store extends Disposable {
  readonly database: Database
  readonly server: ServerId
  readonly jobs: JobStore
  readonly hosts: HostStore
  readonly events: EventStore
  readonly accounts: AccountStore
  readonly codes: CodeStore
  readonly answers: AnswerStore
  readonly place: PlaceStore
  readonly notify: NotifyStore
  readonly data: DataStore
  readonly dataUses: DataUseStore
  readonly fleetPolicies: FleetPolicyStore
  readonly policies: PolicyStore
  readonly bookings: BookingStore
  readonly stepAsides: StepAsideStore
  readonly measures: MeasureStore
  readonly usage: UsageStore
  readonly learnedWeeks: LearnedWeekStore
  readonly modelKeys: ModelKeyStore
  readonly modelUsage: ModelUsageStore
  readonly models: ModelStore
  readonly pulls: PullStore
  readonly hiveNets: HiveNetStore
}

/**
 * Opens the database in a data folder this process has taken, brought to this release's schema.
 * @param newServerId the server's id if this is its first start
 * @throws {WindfallError} database_too_new, disk_full
 */
export function openStore(folder: string, newServerId: () => ServerId): Store {
  let database: Database | undefined
  try {
    database = new Database(folder === ":memory:" ? folder : join(folder, "windfall.db"))
    migrate(database)
    return storeIn(database, serverId(database, newServerId))
  } catch (error) {
    database?.close()
    throw diskFailure(error, `open the database in ${folder}`) ?? error
  }
}

function storeIn(database: Database, server: ServerId): Store {
  return {
    database,
    server,
    jobs: new JobStore(database),
    hosts: new HostStore(database),
    events: new EventStore(database),
    accounts: new AccountStore(database),
    codes: new CodeStore(database),
    answers: new AnswerStore(database),
    place: new PlaceStore(database),
    notify: new NotifyStore(database),
    data: new DataStore(database),
    dataUses: new DataUseStore(database),
    fleetPolicies: new FleetPolicyStore(database),
    policies: new PolicyStore(database),
    bookings: new BookingStore(database),
    stepAsides: new StepAsideStore(database),
    measures: new MeasureStore(database),
    usage: new UsageStore(database),
    learnedWeeks: new LearnedWeekStore(database),
    modelKeys: new ModelKeyStore(database),
    modelUsage: new ModelUsageStore(database),
    models: new ModelStore(database),
    pulls: new PullStore(database),
    hiveNets: new HiveNetStore(database),
    [Symbol.dispose]: () => database.close(),
  }
}

function serverId(database: Database, newServerId: () => ServerId): ServerId {
  const row = { key: "server", value: newServerId() }
  return database.transaction(() => {
    database
      .statement<typeof row>((q, v) =>
        q
          .insertInto("meta")
          .values({ key: v.key, value: v.value })
          .onConflict((c) => c.doNothing()),
      )
      .run(row)
    const stored = database.query<{ value: string }>((q) =>
      q.selectFrom("meta").select("value").where("key", "=", "server"),
    )
    return stored[0]!.value as ServerId
  })
}
